"""The command line: ``python -m microdot run|routes|plugins``."""

import argparse
import json
import os
import sys
from typing import Any, Dict, List, Optional, Tuple

from ..hooks import HOOKS, PluginError
from . import discovery
from .loading import CommandError, load_app

#: How to name an application, for the help texts.
NAMING = "the application, for example hello:app, hello.py or shop.web:create_app()"


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


def tls_context(cert: Optional[str], key: Optional[str]) -> Any:
    """Return the TLS context for ``--ssl-cert`` and ``--ssl-key``, None without either.

    :raises CommandError: a key without a certificate, or they cannot be loaded.
    """
    if not cert:
        if key:
            raise CommandError("--ssl-key needs --ssl-cert")
        return None
    from .tls import load_context

    try:
        return load_context(cert, key)
    except ValueError as error:
        raise CommandError(str(error)) from None


def command_run(options: argparse.Namespace) -> int:
    """Serve an application on the built-in server."""
    context = tls_context(options.ssl_cert, options.ssl_key)
    serve_builtin(load_app(options.app), options.host, options.port, context, None, options.debug)
    return 0


def serve_builtin(
    app: Any, host: str, port: int, context: Any, path: Optional[str], debug: bool
) -> None:
    """Serve an application on the built-in server until a signal comes; see ``serving.serve``.

    :raises CommandError: it cannot listen there, exit code 1.
    """
    from .serving import serve

    def ready(server: Any) -> None:
        if debug:  # the server has said so
            return
        if path is not None:
            where = "unix:" + path
        else:
            shown = "localhost" if host in ("0.0.0.0", "::", "") else host
            shown = "[%s]" % shown if ":" in shown else shown
            scheme = "https" if context else "http"
            where = "%s://%s:%d" % (scheme, shown, server.sockets[0].getsockname()[1])
        print("Serving on %s (Ctrl-C ends it)" % where, flush=True)

    try:
        serve(app, host, port, context, path, debug, ready)
    except OSError as error:
        where = "%s" % path if path is not None else "%s port %d" % (host, port)
        raise CommandError(
            "cannot listen at %s: %s" % (where, reason(error)),
            1,
        ) from None


def reason(error: OSError) -> str:
    """Return what the system says about an error, without the address that asyncio puts there."""
    number = error.errno
    if number is not None and number > 0 and error.args[:1] == (number,):
        return os.strerror(number)
    return str(error.strerror or error)


class Parser(argparse.ArgumentParser):
    """A parser that knows options whose value may be left out in front of a positional argument."""

    #: Option -> the values it may have; the first one counts when none is given.
    optional_values: "Dict[str, Tuple[str, ...]]" = {}

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse arguments; see ``argparse``."""
        words = list(sys.argv[1:] if args is None else args)
        for i, word in enumerate(words):
            if word == "--":
                break
            values = self.optional_values.get(word)
            if values and (i + 1 == len(words) or words[i + 1] not in values):
                words[i] = "%s=%s" % (word, values[0])
        return super().parse_known_args(words, namespace)


def port_number(text: str) -> int:
    """Return the number of a TCP port, for argparse."""
    if not (text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("%r is no port, a number from 0 to 65535" % text)
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line, with the commands that are installed."""
    from .. import __version__

    parser = argparse.ArgumentParser(
        prog="microdot", description="Run and inspect Microdot applications."
    )
    parser.add_argument("--version", action="version", version="microdot-core " + __version__)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser
    )
    about = "serve an application"
    run = commands.add_parser("run", help=about, description=about.capitalize() + ".")
    run.add_argument("app", metavar="MODULE:APP", help=NAMING)
    run.add_argument("--host", default="127.0.0.1", help="address to listen at (%(default)s)")
    run.add_argument(
        "--port", type=port_number, default=5000, help="port to listen at (%(default)s)"
    )
    run.add_argument("--debug", action="store_true", help="print requests; plugins must not fail")
    run.add_argument("--ssl-cert", metavar="FILE", help="certificate chain, PEM")
    run.add_argument("--ssl-key", metavar="FILE", help="private key, PEM")
    run.set_defaults(function=command_run)
    about = "list the routes of an application"
    routes = commands.add_parser("routes", help=about, description=about.capitalize() + ".")
    routes.add_argument("app", metavar="MODULE:APP", help=NAMING)
    routes.add_argument("--json", action="store_true", help="as JSON")
    routes.set_defaults(function=command_routes)
    about = "list installed plugins, and those in use"
    plugins = commands.add_parser("plugins", help=about, description=about.capitalize() + ".")
    plugins.add_argument("app", metavar="MODULE:APP", nargs="?", help=NAMING)
    plugins.add_argument("--json", action="store_true", help="as JSON")
    plugins.set_defaults(function=command_plugins)
    for found in discovery.commands():
        _add_command(commands, found)
    return parser


def _add_command(commands: Any, found: Any) -> None:
    # One broken distribution must not take the command line away from the others.
    try:
        configure = found.entry.load()
        parser = commands.choices.get(found.name)
        if parser is None:
            about = (configure.__doc__ or "a command of %s" % found.distribution).strip()
            about = about.splitlines()[0].rstrip(".")
            shown = about[:1].lower() + about[1:]
            parser = commands.add_parser(found.name, description=about + ".", help=shown)
        configure(parser)
    except Exception as error:
        print(
            "microdot: the command %r of %s %s is left out: %s: %s"
            % (found.name, found.distribution, found.version, type(error).__name__, error),
            file=sys.stderr,
        )


def main(arguments: "Optional[List[str]]" = None) -> int:
    """Run the command line; return the exit code: 0, 1 for a finding or failure, 2 for wrong use."""
    parser = build_parser()
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        message = "unrecognized arguments: " + " ".join(unknown)
        if options.command == "run" and not any(
            found.distribution == "microdot-servers" for found in discovery.commands()
        ):
            message += (
                "; --server, --workers, --reload, --uds, --log-level and --access-log need "
                "microdot-servers: pip install microdot-servers"
            )
        parser.error(message)
    try:
        return int(options.function(options) or 0)
    except CommandError as error:
        print("microdot: %s" % error, file=sys.stderr)
        return error.code
    except PluginError as error:
        print("microdot: %s" % error, file=sys.stderr)
        return 2
    except BrokenPipeError:  # as in "microdot routes app | head"
        sys.stderr.close()
        return 1
