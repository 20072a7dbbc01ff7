"""Finding what is installed: the entry-point groups ``microdot.plugins``, ``microdot.autoload``
and ``microdot.commands``.

``microdot.plugins`` maps names to plugin classes; installed means available.
``microdot.autoload`` names those that take part without being asked.
``microdot.commands`` maps names of sub-commands to what sets up their options.
"""

import os
import sys
from typing import Any, Dict, List, NamedTuple, Optional

from ..hooks import PluginError, check_plugin
from .compat import logger

if sys.version_info >= (3, 10):
    from importlib import metadata
else:
    try:
        import importlib_metadata as metadata
    except ImportError:
        from importlib import metadata

GROUP = "microdot.plugins"
AUTOLOAD = "microdot.autoload"
COMMANDS = "microdot.commands"


class Found(NamedTuple):
    """An installed plugin; nothing of it has been imported."""

    name: str
    distribution: str
    version: str
    entry: Any
    autoload: bool


_found: Optional[Dict[str, Found]] = None
_commands: List[Found] = []
_warned = False


def scan() -> "Dict[str, Found]":
    """Return the installed plugins by name, sorted; the environment is read once per process."""
    global _found
    if _found is None:
        _commands.clear()
        plugins: Dict[str, Found] = {}
        automatic: Dict[str, Found] = {}
        seen = set()
        for distribution in metadata.distributions():
            name = distribution.metadata["Name"]
            if not name or name in seen:
                # The first one on the path is the one that is imported.
                continue
            seen.add(name)
            for entry in distribution.entry_points:
                if entry.group == COMMANDS:
                    _commands.append(Found(entry.name, name, distribution.version, entry, False))
                elif entry.group in (GROUP, AUTOLOAD):
                    found = Found(
                        entry.name, name, distribution.version, entry, entry.group == AUTOLOAD
                    )
                    target = automatic if found.autoload else plugins
                    # Two distributions with one name: the first in the alphabet, on every machine.
                    if entry.name not in target or target[entry.name].distribution > name:
                        target[entry.name] = found
        plugins.update(automatic)
        _found = {name: plugins[name] for name in sorted(plugins)}
    return _found


def commands() -> "List[Found]":
    """Return what is installed for the command line, sorted by name and distribution."""
    scan()
    return sorted(_commands, key=lambda found: (found.name, found.distribution))


def foreign_distribution() -> "Optional[str]":
    """Return the version of a distribution named ``microdot`` in this environment, if there is one.

    It owns files of the same names as this package, so one of the two is damaged.
    """
    try:
        return metadata.version("microdot")
    except metadata.PackageNotFoundError:
        return None


def warn_of_foreign() -> None:
    """Log a warning, once per process, when there is a distribution named ``microdot``."""
    global _warned
    if not _warned:
        _warned = True
        foreign = foreign_distribution()
        if foreign is not None:
            logger.warning(
                "A distribution named 'microdot' (%s) is installed beside microdot-core; both own "
                "the package 'microdot'. Uninstall it, then reinstall microdot-core.",
                foreign,
            )


def reset() -> None:
    """Forget what was found, for tests that install something."""
    global _found, _warned
    _found = None
    _warned = False


def disabled() -> "List[str]":
    """Return the names in the environment variable ``MICRODOT_DISABLE_PLUGINS``."""
    names = os.environ.get("MICRODOT_DISABLE_PLUGINS", "")
    return [name.strip() for name in names.split(",") if name.strip()]


def strict(app: Any) -> bool:
    """Tell whether a broken plugin is an error: in debug mode, or with ``MICRODOT_STRICT=1``."""
    setting = os.environ.get("MICRODOT_STRICT", "")
    return setting not in ("", "0") if setting else bool(app.debug)


def load_by_name(name: str, options: "Dict[str, Any]") -> Any:
    """Import an installed plugin and make an instance.

    :param name: its name in the group ``microdot.plugins`` or ``microdot.autoload``.
    :param options: arguments for its class.
    :raises PluginError: there is none of this name, it is disabled, or it cannot be imported.
    """
    available = scan()
    if name in disabled():
        raise PluginError("plugin %r is disabled by MICRODOT_DISABLE_PLUGINS" % name)
    if name not in available:
        from ..suggestions import closest

        hint = closest(name, available)
        raise PluginError(
            "no installed plugin is called %r; %s"
            % (
                name,
                "did you mean %r?" % hint
                if hint
                else "installed are: " + (", ".join(available) or "none"),
            )
        )
    found = available[name]
    try:
        factory = found.entry.load()
    except Exception as error:
        raise PluginError(
            "plugin %r of %s %s cannot be imported: %s: %s"
            % (name, found.distribution, found.version, type(error).__name__, error)
        ) from error
    return factory(**options) if isinstance(factory, type) or options else factory


def wanted(app: Any) -> "List[str]":
    """Return the names of the plugins that an application loads by itself."""
    setting = os.environ.get("MICRODOT_AUTOLOAD")
    choice = app.autoload
    if setting is not None and choice is True:
        names = [name.strip() for name in setting.split(",")]
        if setting.lower() in ("0", "false", "no", "off", ""):
            return []
        if setting.lower() not in ("1", "true", "yes", "on"):
            choice = names
    off = disabled()
    available = scan()
    if choice is True:
        return [name for name in available if available[name].autoload and name not in off]
    for name in choice or ():
        if name not in available:
            raise PluginError(
                "autoload names the plugin %r, which is not installed; installed are: %s"
                % (name, ", ".join(available) or "none")
            )
    return [name for name in available if name in (choice or ()) and name not in off]


def autoload(plugins: Any) -> None:
    """Add the plugins that take part because they are installed.

    One that fails is left out and reported; in strict mode that is an error.

    :param plugins: the ``Plugins`` of an application.
    :raises PluginError: a plugin failed, in strict mode.
    """
    warn_of_foreign()
    used = [name for name, _ in plugins.used]
    for name in wanted(plugins.app):
        if name in used:
            continue
        try:
            plugin = load_by_name(name, {})
            if isinstance(plugin, type):
                plugin = plugin()
            check_plugin(name, plugin, plugins.registrar)
            plugins.set_up(name, plugin)
        except Exception as error:
            fail_autoloaded(plugins, name, error)
        else:
            plugins.autoloaded.append((name, plugin))


def fail_autoloaded(plugins: Any, name: str, error: Exception) -> None:
    """Leave an autoloaded plugin out, and report it once.

    :raises PluginError: in strict mode.
    """
    found = scan()[name]
    if strict(plugins.app):
        raise PluginError(
            "plugin %r of %s %s failed: %s" % (name, found.distribution, found.version, error)
        ) from error
    plugins.autoloaded = [pair for pair in plugins.autoloaded if pair[0] != name]
    plugins.failed.append((name, found.distribution, found.version, error))
    logger.error(
        "Plugin %r of %s %s is left out: %s: %s",
        name,
        found.distribution,
        found.version,
        type(error).__name__,
        error,
    )
