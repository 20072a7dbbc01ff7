"""Plugins of one application: the hook table, ordering, and the compiled plan that runs.

On CPython pluggy validates and orders (``microdot.cpython.registry``);
without it the registrar below does the same.
"""

from ._report import report
from .errors import HTTPException
from .response import Response
from .results import make_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Hook name -> its arguments. Hooks in INWARD are called in plugin order, the others in reverse.
HOOKS = {
    "microdot_setup": ("app",),
    "microdot_startup": ("app",),
    "microdot_request": ("app", "request"),
    "microdot_response": ("app", "request", "response"),
    "microdot_error": ("app", "request", "error"),
    "microdot_drain": ("app",),
    "microdot_shutdown": ("app",),
}
INWARD = ("microdot_setup", "microdot_startup", "microdot_request")


class PluginError(Exception):
    """A plugin that cannot be used; the message says which, why, and what to change.

    :param message: the message.
    :param plugin: the name of the plugin to leave out, where leaving it out helps.
    """

    def __init__(self, message: str, plugin: "Any" = None) -> None:
        super().__init__(message)
        self.plugin = plugin


class Registrar:
    """Checks plugins and puts their hooks in order, without pluggy.

    Of the plugins whose ``hook_order`` says ``"first"`` for a hook, all come
    before the others, of those that say ``"last"`` all come after them, mirrored.
    """

    def __init__(self) -> None:
        self._plugins: "list[Any]" = []

    def check(self, plugin: "Any") -> "list[str]":
        """Return what is wrong with the hook methods of a plugin."""
        return [
            "%s is not callable" % hook
            for hook in HOOKS
            if getattr(plugin, hook, None) is not None and not callable(getattr(plugin, hook))
        ]

    def arrange(self, plugins: "list[tuple[str, Any]]") -> "dict[str, tuple[Any, ...]]":
        """Return hook name -> callables in the order of their calls.

        :param plugins: (name, plugin) pairs in plugin order.
        """
        return {hook: self._order(hook, plugins) for hook in HOOKS}

    def _order(self, hook: str, plugins: "list[tuple[str, Any]]") -> "tuple[Any, ...]":
        groups: "dict[str, list[Any]]" = {"first": [], "": [], "last": []}
        sequence = list(plugins)
        if hook not in INWARD:
            sequence.reverse()
        for _, plugin in sequence:
            method = getattr(plugin, hook, None)
            if method is not None:
                groups[hook_order(plugin).get(hook, "")].append(method)
        groups["last"].reverse()
        return tuple(groups["first"] + groups[""] + groups["last"])


def hook_order(plugin: "Any") -> "dict[str, str]":
    """Return the ``hook_order`` of a plugin: hook name -> ``"first"`` or ``"last"``."""
    return getattr(plugin, "hook_order", None) or {}


def plugin_name(plugin: "Any") -> str:
    """Return the name of a plugin: its ``name``, else its module's or class's in lower case."""
    name = getattr(plugin, "name", None)
    if isinstance(name, str):
        return name
    name = getattr(plugin, "__name__", None) or type(plugin).__name__
    return str(name).split(".")[-1].lower()


def check_plugin(name: str, plugin: "Any", registrar: "Any") -> None:
    """Refuse a plugin that does not fit the hook table, with all its faults at once.

    :raises PluginError: unknown hook names, wrong arguments, wrong declarations.
    """
    faults = []
    found = 0
    for attribute in dir(plugin):
        if attribute[:9] == "microdot_":
            found += 1
            if attribute not in HOOKS:
                from .suggestions import closest

                hint = closest(attribute, HOOKS)
                faults.append(
                    "unknown hook %s%s" % (attribute, "; did you mean %s?" % hint if hint else "")
                )
    faults += registrar.check(plugin)
    for attribute in ("requires", "before", "after", "conflicts"):
        if not isinstance(getattr(plugin, attribute, ()), (tuple, list)):
            faults.append("%s must be a tuple of plugin names" % attribute)
    for hook, where in hook_order(plugin).items():
        if hook not in HOOKS or where not in ("first", "last"):
            faults.append(
                "hook_order has %r: %r; use a hook name and 'first' or 'last'" % (hook, where)
            )
    if not found:
        faults.append("it has no hook; the hooks are " + ", ".join(sorted(HOOKS)))
    if faults:
        raise PluginError("plugin %r cannot be used: %s" % (name, "; ".join(faults)))


def sort_plugins(plugins: "list[tuple[str, Any]]") -> "list[tuple[str, Any]]":
    """Return (name, plugin) pairs sorted by what the plugins declare, else in the order given.

    :raises PluginError: a missing requirement, a conflict or a cycle; it names both sides.
    """
    names = [name for name, _ in plugins]
    # name -> names that come before it
    earlier: "dict[str, list[str]]" = {name: [] for name in names}
    for name, plugin in plugins:
        for other in getattr(plugin, "conflicts", ()):
            if other in names and other != name:
                raise PluginError(
                    "plugins %r and %r conflict; use one of them" % (name, other), name
                )
        for other in getattr(plugin, "requires", ()):
            if other not in names:
                raise PluginError(
                    "plugin %r requires plugin %r; add it with app.use()" % (name, other), name
                )
            earlier[name].append(other)
        earlier[name] += [other for other in getattr(plugin, "after", ()) if other in names]
        for other in getattr(plugin, "before", ()):
            if other in names:
                earlier[other].append(name)
    result: "list[tuple[str, Any]]" = []
    placed: "list[str]" = []
    waiting = list(plugins)
    while waiting:
        for pair in waiting:
            if all([other in placed for other in earlier[pair[0]]]):
                break
        else:
            cycle = _cycle(waiting[0][0], earlier, placed)
            raise PluginError(
                "plugins %s depend on each other in a cycle; change their requires, before or after"
                % " -> ".join([repr(name) for name in cycle]),
                cycle[0],
            )
        waiting.remove(pair)
        placed.append(pair[0])
        result.append(pair)
    return result


def _cycle(name: str, earlier: "dict[str, list[str]]", placed: "list[str]") -> "list[str]":
    path = [name]
    while True:
        name = [other for other in earlier[name] if other not in placed][0]
        if name in path:
            return path[path.index(name) :] + [name]
        path.append(name)


class Plan:
    """The compiled hooks of an application: a tuple of callables for each hook.

    :param app: the application that the hooks are called with.
    :param hooks: hook name -> callables.
    :param local: (sub-application, plan) pairs of those mounted with ``local=True``.
    """

    def __init__(self, app: "Any", hooks: "dict[str, Any]", local: "list[Any]") -> None:
        self.app = app
        self.hooks = hooks
        self.local = local
        #: Whether anything is to be called for a request, and for a response.
        self.request = self._any("microdot_request")
        self.response = self._any("microdot_response")

    def _any(self, hook: str) -> bool:
        return bool(self.hooks[hook]) or any([plan._any(hook) for _, plan in self.local])

    def _pairs(self, hook: str, chain: "Any") -> "list[Any]":
        # (application, callable) pairs, outermost application first.
        pairs = [(self.app, call) for call in self.hooks[hook]]
        for subapp in chain:
            for owner, plan in self.local:
                if owner is subapp:
                    inner = [(owner, call) for call in plan.hooks[hook]]
                    pairs = pairs + inner if hook in INWARD else inner + pairs
        return pairs

    async def run_request(self, request: "Any") -> "Any":
        """Call ``microdot_request``; return the first response, None when there is none."""
        for app, call in self._pairs("microdot_request", request._chain):
            result = call(app, request)
            if hasattr(result, "send"):
                result = await result
            if result is not None:
                return make_response(result)
        return None

    async def run_response(self, request: "Any", response: Response) -> Response:
        """Call every ``microdot_response``; return the response, or what replaced it."""
        from .handlers import fail

        chain = request._chain if request is not None else ()
        handled = response is Response.already_handled
        if handled:
            response = Response()
        for app, call in self._pairs("microdot_response", chain):
            try:
                result = call(app, request, response)
                if hasattr(result, "send"):
                    result = await result
                if result is not None:
                    response = make_response(result)
            except Exception as error:
                response = await fail(self.app, request, error)
        return Response.already_handled if handled else response

    async def run_error(self, request: "Any", error: Exception) -> "Any":
        """Call every ``microdot_error``; return the first response, None when there is none."""
        response = None
        for app, call in self._pairs(
            "microdot_error", request._chain if request is not None else ()
        ):
            try:
                result = call(app, request, error)
                if hasattr(result, "send"):
                    result = await result
                if result is not None and response is None:
                    response = make_response(result)
            except Exception as failure:
                if not isinstance(failure, HTTPException):
                    report("Exception in a microdot_error hook", failure)
        return response

    async def run_lifecycle(self, hook: str) -> None:
        """Call ``microdot_startup``, ``microdot_drain`` or ``microdot_shutdown`` of all plugins.

        :raises Exception: what a start-up hook raised; errors of the others are reported.
        """
        for app, call in self._pairs(hook, [owner for owner, _ in self.local]):
            try:
                result = call(app)
                if hasattr(result, "send"):
                    await result
            except Exception as error:
                if hook == "microdot_startup":
                    raise
                report("Exception in a %s hook" % hook, error)
