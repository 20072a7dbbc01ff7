"""The plugins of one application, in their order of use: what ``app.use`` and ``app.plugins`` stand on."""

from ._compat import CPYTHON
from .hooks import Plan, PluginError, Registrar, check_plugin, plugin_name, sort_plugins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _registrar() -> "Any":
    if CPYTHON:
        try:
            from .cpython.registry import PluggyRegistrar

            return PluggyRegistrar()
        except ImportError:  # pluggy is not installed
            pass
    return Registrar()


class Plugins:
    """The plugins of an application.

    :param app: the application.
    """

    def __init__(self, app: "Any") -> None:
        self.app = app
        self.registrar = _registrar()
        #: (name, plugin) in order of use, without the autoloaded ones.
        self.used: "list[tuple[str, Any]]" = []
        #: (name, plugin) that took part because they are installed.
        self.autoloaded: "list[tuple[str, Any]]" = []
        #: (name, distribution, version, error) of those that could not take part.
        self.failed: "list[tuple[str, str, str, Exception]]" = []
        #: (name, plugin) in their final order, once compiled.
        self.order: "list[tuple[str, Any]]" = []
        self._discovered = False

    def use(self, plugin: "Any", options: "dict[str, Any]") -> "Any":
        """Add a plugin; see ``Microdot.use``."""
        name = plugin
        if isinstance(plugin, str):
            if not CPYTHON:
                raise PluginError(
                    "plugins are found by name on CPython only; "
                    "import the class of %r and pass an instance to app.use()" % plugin
                )
            from .cpython.discovery import load_by_name

            plugin = load_by_name(plugin, options)
        elif isinstance(plugin, type):
            plugin = plugin(**options)
        elif options:
            raise PluginError(
                "options %s go to the constructor: app.use(%s(...))"
                % (", ".join(sorted(options)), type(plugin).__name__)
            )
        if not isinstance(name, str):
            name = plugin_name(plugin)
        if any([name == other for other, _ in self.used]):
            raise PluginError(
                "plugin %r is in use already; give the second one another name" % name
            )
        check_plugin(name, plugin, self.registrar)
        self.set_up(name, plugin)
        self.autoloaded = [pair for pair in self.autoloaded if pair[0] != name]
        self.used.append((name, plugin))
        return plugin

    def set_up(self, name: str, plugin: "Any") -> None:
        """Call ``microdot_setup``; when that fails, leave the application as it was."""
        setup = getattr(plugin, "microdot_setup", None)
        if setup is None:
            return
        saved = _snapshot(self.app)
        try:
            result = setup(self.app)
            if hasattr(result, "send"):
                if hasattr(result, "close"):
                    result.close()
                raise PluginError(
                    "plugin %r: microdot_setup must be a plain function; "
                    "use microdot_startup for what must be awaited" % name
                )
        except Exception:
            _restore(self.app, saved)
            raise

    def as_dict(self) -> "dict[str, Any]":
        """Return name -> plugin, autoloaded ones included, in plugin order where dictionaries keep it."""
        self.discover()
        return dict(self.order or self.autoloaded + self.used)

    def discover(self) -> None:
        """Add the autoloaded plugins, once."""
        if not self._discovered:
            self._discovered = True
            if CPYTHON and self.app.autoload is not False:
                from .cpython.discovery import autoload

                autoload(self)

    def compile(self, top: bool, local: "list[Any]") -> "Any":
        """Return the plan of the application, ``()`` when no plugin takes part.

        :param top: the application is served itself, so installed plugins take part.
        :param local: (sub-application, plan) pairs.
        :raises PluginError: the declared relations of the plugins cannot be met.
        """
        if top:
            self.discover()
        pairs = self.used
        if top:
            pairs = self._without_failing()
        self.order = sort_plugins(pairs)
        if not pairs and not local:
            return ()
        return Plan(self.app, self.registrar.arrange(self.order), local)

    def _without_failing(self) -> "list[tuple[str, Any]]":
        # An autoloaded plugin whose relations cannot be met is left out and reported.
        while True:
            pairs = self.autoloaded + self.used
            try:
                sort_plugins(pairs)
                return pairs
            except PluginError as error:
                name = error.plugin
                if not any([name == other for other, _ in self.autoloaded]):
                    raise
                from .cpython.discovery import fail_autoloaded

                fail_autoloaded(self, name, error)


def _snapshot(app: "Any") -> "list[Any]":
    saved = []
    for key in list(app.__dict__):
        value = getattr(app, key)
        content: "Any" = None
        if isinstance(value, list):
            content = list(value)
        elif isinstance(value, dict):
            content = dict(value)
        saved.append((key, value, content))
    return saved


def _restore(app: "Any", saved: "list[Any]") -> None:
    known = [key for key, _, _ in saved]
    for key in list(app.__dict__):
        if key not in known:
            delattr(app, key)
    for key, value, content in saved:
        if isinstance(content, list):
            value[:] = content
        elif content is not None:
            value.clear()
            value.update(content)
        setattr(app, key, value)


def move_plugins(source: "Any", target: "Any") -> None:
    """Move the plugins of a sub-application to the application it is mounted in.

    :raises PluginError: both use a plugin of one name.
    """
    if target._plugins is None:
        target._plugins = Plugins(target)
    names = [name for name, _ in target._plugins.used]
    for name, _ in source._plugins.used:
        if name in names:
            raise PluginError("plugin %r is used by the application and by the one mounted" % name)
    target._plugins.used += source._plugins.used
    source._plugins.used = []
    source._plan = None
