"""The options of ``microdot run`` that need more than core."""

import argparse
import os
import shlex
import subprocess
import sys
from typing import Any

from microdot.cpython.cli import tls_context
from microdot.cpython.loading import CommandError

from .target import LEVELS, load, set_options

#: Server -> the kinds of application it serves, the usual one first.
SERVERS = {
    "builtin": (),
    "uvicorn": ("asgi",),
    "granian": ("asgi", "wsgi"),
    "hypercorn": ("asgi", "wsgi"),
    "gunicorn": ("wsgi", "asgi"),
    "waitress": ("wsgi",),
}
#: Those that start processes by themselves.
FORKING = ("uvicorn", "granian", "gunicorn")


def worker_count(text: str) -> int:
    """Return a number of processes, for argparse."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("%r is no number of processes, 1 or more" % text)
    return int(text)


def configure(parser: Any) -> None:
    """Add the options to those of core.

    :param parser: the parser of ``run``.
    """
    add = parser.add_argument_group("server").add_argument
    add(
        "--server",
        choices=list(SERVERS),
        default="builtin",
        help="what serves the application (%(default)s)",
    )
    add(
        "--workers",
        type=worker_count,
        default=1,
        metavar="N",
        help="processes; with " + ", ".join(FORKING),
    )
    add(
        "--interface",
        choices=("asgi", "wsgi"),
        help="for the servers that know both: granian, hypercorn (asgi), gunicorn (wsgi)",
    )
    add("--uds", metavar="PATH", help="listen at a unix socket in place of host and port")
    add("--reload", action="store_true", help="start anew when a Python file changes")
    add(
        "--reload-dir",
        action="append",
        metavar="FOLDER",
        help="watch this folder in place of the current one; may be repeated",
    )
    add = parser.add_argument_group("logging").add_argument
    add("--log-level", choices=LEVELS, default="info", help="least level to log (%(default)s)")
    add(
        "--access-log",
        nargs="?",
        choices=("text", "json"),
        metavar="json",
        help="log every request to the standard output: --access-log for a line of text, "
        "--access-log=json for an object",
    )
    parser.optional_values = dict(parser.optional_values, **{"--access-log": ("text", "json")})
    parser.set_defaults(function=command_run)


def command_run(options: argparse.Namespace) -> int:
    """Serve an application on the server asked for."""
    check(options)
    if options.reload:
        return reload(options)
    set_options(
        app=options.app,
        debug=options.debug,
        log_level=options.log_level,
        access_log=options.access_log,
    )
    if options.server == "builtin":
        from microdot.cpython.cli import serve_builtin

        context = tls_context(options.ssl_cert, options.ssl_key)
        app = load()
        serve_builtin(app, options.host, options.port, context, options.uds, options.debug)
        return 0
    from . import servers

    # Wrong certificates are an exit code and a line here, whatever the server makes of them.
    tls_context(options.ssl_cert, options.ssl_key)
    run = getattr(servers, "run_" + options.server)
    try_listening(options)
    check_app(options)
    try:
        return int(run(options) or 0)
    except SystemExit as end:  # servers have numbers of their own for a start that failed
        return 1 if end.code else 0


def check(options: argparse.Namespace) -> None:
    """Refuse what does not go together.

    :raises CommandError: it says what does.
    """
    server = options.server
    if options.workers > 1 and server not in FORKING:
        raise CommandError(
            "--workers needs a server that starts processes, and %s does not; use --server %s"
            % (
                "the built-in server" if server == "builtin" else server,
                " or --server ".join(FORKING),
            )
        )
    if options.interface:
        known = SERVERS[server]
        if options.interface not in known:
            raise CommandError(
                "--server %s cannot serve --interface %s; leave --interface out"
                % (server, options.interface)
            )
    else:
        options.interface = (*SERVERS[server], None)[0]
    if server == "waitress" and (options.ssl_cert or options.ssl_key):
        raise CommandError("waitress knows no TLS; use another --server, or a proxy in front of it")
    if options.reload_dir and not options.reload:
        raise CommandError("--reload-dir needs --reload")
    if options.reload and options.workers > 1:
        raise CommandError("--reload works with one process; leave --workers out")
    for folder in options.reload_dir or ():
        if not os.path.isdir(folder):
            raise CommandError("--reload-dir %s: there is no such folder" % folder)
    if server != "builtin":
        need(server, "--server " + server)


def need(module: str, option: str) -> None:
    """Check that a library can be imported.

    :raises CommandError: it says what to install.
    """
    from importlib.util import find_spec

    if find_spec(module) is None:
        extra = "reload" if module == "watchfiles" else module
        raise CommandError(
            "%s needs %s; install it: pip install 'microdot-servers[%s]'" % (option, module, extra)
        )


def try_listening(options: argparse.Namespace) -> None:
    """Find out whether the address is free, for each server says it in another way, and later.

    :raises CommandError: it cannot be used, exit code 1.
    """
    import socket

    from microdot.cpython.cli import reason
    from microdot.cpython.serving import refuse_taken

    where = options.uds or "%s port %d" % (options.host, options.port)
    try:
        if options.uds:
            refuse_taken(options.uds)
            if not os.path.isdir(os.path.dirname(os.path.abspath(options.uds))):
                raise FileNotFoundError(2, "there is no such folder")
            return
        for family, kind, protocol, _, address in socket.getaddrinfo(
            options.host or None, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[:1]:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        raise CommandError("cannot listen at %s: %s" % (where, reason(error)), 1) from None


def check_app(options: argparse.Namespace) -> None:
    """Find out whether the application can be loaded, in a process of its own.

    Servers with workers must not import it in the process that starts these, and would start
    workers that fail again and again.

    :raises CommandError: what is wrong with it.
    """
    done = subprocess.run(
        [sys.executable, "-m", "microdot", "routes", options.app],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        text = done.stderr.strip()
        prefix = "microdot: "
        if text.startswith(prefix):
            raise CommandError(text[len(prefix) :], done.returncode)
        raise CommandError("the application cannot be loaded:\n" + text, done.returncode)


def reload(options: argparse.Namespace) -> int:
    """Run the same command without ``--reload`` in a process that is replaced on each change."""
    need("watchfiles", "--reload")
    from watchfiles import PythonFilter, run_process

    words = [sys.executable, "-m", "microdot", "run", options.app, "--server", options.server]
    words += ["--host", options.host, "--port", str(options.port), "--log-level", options.log_level]
    for name in ("ssl_cert", "ssl_key", "uds", "interface"):
        if getattr(options, name):
            words += ["--" + name.replace("_", "-"), getattr(options, name)]
    if options.debug:
        words.append("--debug")
    if options.access_log:
        words.append("--access-log=" + options.access_log)
    folders = options.reload_dir or [os.getcwd()]
    print("Watching %s for changes" % ", ".join(map(shlex.quote, folders)), flush=True)

    def tell(changes: Any) -> None:
        names = sorted({os.path.relpath(path) for _, path in changes})
        print("Changed: %s; starting anew" % ", ".join(names), flush=True)

    run_process(
        *folders,
        target=shlex.join(words),
        target_type="command",
        callback=tell,
        watch_filter=PythonFilter(),
        debounce=200,
    )
    return 0
