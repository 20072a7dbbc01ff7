"""The command line: ``python -m microdot run|routes|plugins``."""

import argparse
import importlib
import json
import os
import sys
from typing import Any, Dict, List, Optional

from ..hooks import HOOKS, PluginError
from . import discovery


class CommandError(Exception):
    """A command that cannot be carried out; the message is for the person who typed it."""


def load_app(target: str) -> Any:
    """Return the application that ``module:attribute`` names.

    :param target: for example ``"hello:app"``; the attribute is ``app`` if omitted.
    :raises CommandError: there is none.
    """
    from ..application import Microdot

    name, _, attribute = target.partition(":")
    attribute = attribute or "app"
    if name.endswith(".py"):
        folder, name = os.path.split(name[:-3])
        sys.path.insert(0, os.path.abspath(folder))
    else:
        sys.path.insert(0, os.getcwd())
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise CommandError(
                "there is no module %r here; name the application as MODULE:ATTRIBUTE, "
                "for example hello:app" % name
            ) from None
        raise
    app: Any = module
    for part in attribute.split("."):
        app = getattr(app, part, None)
    if not isinstance(app, Microdot):
        apps = [key for key, value in vars(module).items() if isinstance(value, Microdot)]
        raise CommandError(
            "module %r has no Microdot application called %r; it has: %s"
            % (name, attribute, ", ".join(apps) or "none")
        )
    return app


def plugin_rows(app: Any = None) -> "List[Dict[str, Any]]":
    """Return a row for each plugin: installed ones, and those an application uses.

    Keys: ``name``, ``distribution``, ``version``, ``state`` (``active``, ``available``,
    ``disabled`` or ``failed``), ``order`` (from 0, None when not active), ``hooks``, ``error``.
    """
    rows: Dict[str, Dict[str, Any]] = {}
    disabled = discovery.disabled()
    for name, found in discovery.scan().items():
        rows[name] = {
            "name": name,
            "distribution": found.distribution,
            "version": found.version,
            "state": "disabled" if name in disabled else "available",
            "autoload": found.autoload,
            "order": None,
            "hooks": [],
            "error": None,
        }
    if app is not None:
        used = list(app.plugins.items())
        plugins = app._plugins
        for order, (name, plugin) in enumerate(used):
            row = rows.setdefault(
                name, {"name": name, "distribution": None, "version": None, "autoload": False}
            )
            hooks = [hook for hook in HOOKS if getattr(plugin, hook, None) is not None]
            row.update(state="active", order=order, hooks=hooks, error=None)
        for name, _, _, error in plugins.failed if plugins is not None else ():
            rows[name].update(state="failed", error="%s: %s" % (type(error).__name__, error))
    return sorted(rows.values(), key=lambda row: (row["order"] is None, row["order"], row["name"]))


def _table(rows: "List[List[str]]") -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )


def command_plugins(options: argparse.Namespace) -> int:
    """List the plugins; return 1 when one has failed."""
    rows = plugin_rows(load_app(options.app) if options.app else None)
    if options.json:
        print(json.dumps({"plugins": rows}, indent=2))
    elif not rows:
        print("No plugins are installed.")
    else:
        table = [["NAME", "DISTRIBUTION", "VERSION", "STATE", "ORDER", "HOOKS"]]
        for row in rows:
            order = "" if row["order"] is None else str(row["order"])
            hooks = ", ".join(hook[len("microdot_") :] for hook in row["hooks"])
            cells = [row["name"], row["distribution"] or "-", row["version"] or "-", row["state"]]
            table.append([*cells, order, hooks])
        print(_table(table))
        for row in rows:
            if row["error"]:
                print("%s: %s" % (row["name"], row["error"]))
    return 1 if any(row["state"] == "failed" for row in rows) else 0


def command_routes(options: argparse.Namespace) -> int:
    """List the routes of an application."""
    app = load_app(options.app)
    rows = []
    for methods, pattern, handler, _, _ in app.url_map:
        name = "%s.%s" % (
            getattr(handler, "__module__", "?"),
            getattr(handler, "__qualname__", repr(handler)),
        )
        rows.append({"methods": list(methods), "path": pattern.path(), "handler": name})
    if options.json:
        print(json.dumps({"routes": rows}, indent=2))
    elif not rows:
        print("The application has no routes.")
    else:
        table = [["METHODS", "PATH", "HANDLER"]]
        table += [[",".join(row["methods"]), row["path"], row["handler"]] for row in rows]
        print(_table(table))
    return 0


def command_run(options: argparse.Namespace) -> int:
    """Serve an application on the built-in server."""
    app = load_app(options.app)
    context = None
    if options.ssl_cert or options.ssl_key:
        from .tls import load_context

        if not options.ssl_cert:
            raise CommandError("--ssl-key needs --ssl-cert")
        try:
            context = load_context(options.ssl_cert, options.ssl_key)
        except ValueError as error:
            raise CommandError(str(error)) from None
    if not options.debug:
        shown = options.host if options.host not in ("0.0.0.0", "::") else "localhost"
        print(
            "Serving on %s://%s:%d (Ctrl-C ends it)"
            % ("https" if context else "http", shown, options.port),
            flush=True,
        )
    try:
        app.run(host=options.host, port=options.port, debug=options.debug, ssl=context)
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        raise CommandError(
            "cannot listen at %s port %d: %s" % (options.host, options.port, error.strerror)
        ) from None
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from .. import __version__

    parser = argparse.ArgumentParser(
        prog="microdot", description="Run and inspect Microdot applications."
    )
    parser.add_argument("--version", action="version", version="microdot-core " + __version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="serve an application on the built-in server")
    run.add_argument("app", metavar="MODULE:APP")
    run.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    run.add_argument("--port", type=int, default=5000, help="port to listen at (%(default)s)")
    run.add_argument("--debug", action="store_true", help="print requests; plugins must not fail")
    run.add_argument("--ssl-cert", metavar="FILE", help="certificate chain, PEM")
    run.add_argument("--ssl-key", metavar="FILE", help="private key, PEM")
    run.set_defaults(function=command_run)
    routes = commands.add_parser("routes", help="list the routes of an application")
    routes.add_argument("app", metavar="MODULE:APP")
    routes.add_argument("--json", action="store_true", help="as JSON")
    routes.set_defaults(function=command_routes)
    plugins = commands.add_parser("plugins", help="list installed plugins, and those in use")
    plugins.add_argument("app", metavar="MODULE:APP", nargs="?")
    plugins.add_argument("--json", action="store_true", help="as JSON")
    plugins.set_defaults(function=command_plugins)
    return parser


def main(arguments: "Optional[List[str]]" = None) -> int:
    """Run the command line; return the exit code: 0, 1 for a finding, 2 for wrong use."""
    options = build_parser().parse_args(arguments)
    try:
        return int(options.function(options))
    except (CommandError, PluginError) as error:
        print("microdot: %s" % error, file=sys.stderr)
        return 2
