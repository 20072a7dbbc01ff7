"""Starting the servers of other projects, each through its own public entry.

Every function takes the options of ``microdot run``, returns after SIGTERM or SIGINT, and gives the
server an import string, so that its worker processes import the application by themselves.
"""

import signal
from typing import Any, Dict, List

#: The factories that the servers call in each process.
TARGET = "microdot.commands.target:"


def _leave(number: int, frame: Any) -> None:
    raise SystemExit(0)


async def _drained(listening: "List[Any]") -> None:
    # Closing a listening socket resets what waits in its queue, and uvicorn closes connections
    # whose request is on its way: both get their time first, at most 2 seconds.
    import asyncio
    import selectors

    from microdot.cpython.listening import TCP_HANDSHAKE, refuse_new

    loop = asyncio.get_running_loop()
    end = loop.time() + 2
    quiet = 0
    with selectors.DefaultSelector() as queues:
        for own in listening:
            refuse_new(own)
            queues.register(own.fileno(), selectors.EVENT_READ)
        while quiet < 2 and loop.time() < end:
            begun = loop.time()
            await asyncio.sleep(TCP_HANDSHAKE)
            late = loop.time() - begun - TCP_HANDSHAKE > 0.005
            quiet = 0 if late or queues.select(0) else quiet + 1


def run_uvicorn(options: Any) -> int:
    """Serve with uvicorn."""
    import uvicorn

    class Gentle(uvicorn.Server):
        async def shutdown(self, sockets: Any = None) -> None:
            await _drained([own for server in self.servers for own in server.sockets])
            await super().shutdown(sockets)

    # uvicorn sends itself the signal again once it has shut down.
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, _leave)
    settings: Dict[str, Any] = {
        "factory": True,
        "host": options.host,
        "port": options.port,
        "uds": options.uds,
        "workers": options.workers,
        "log_level": options.log_level,
        "access_log": False,
        # The application decides which proxies it trusts.
        "proxy_headers": False,
        "ssl_certfile": options.ssl_cert,
        "ssl_keyfile": options.ssl_key,
    }
    if options.workers > 1:
        # They share a socket, which goes on when one of them is started anew.
        uvicorn.run(TARGET + "asgi", **settings)
        return 0
    server = Gentle(uvicorn.Config(TARGET + "asgi", **settings))
    server.run()
    return 0 if server.started else 1


def run_granian(options: Any) -> int:
    """Serve with granian."""
    from inspect import signature
    from pathlib import Path

    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    more: Dict[str, Any] = {}
    if options.uds:
        more["uds"] = Path(options.uds)
    if "workers_kill_timeout" in signature(Granian.__init__).parameters:
        # Some versions wait for a worker for ever.
        more["workers_kill_timeout"] = 8
    if options.ssl_cert:
        more["ssl_cert"] = Path(options.ssl_cert)
        more["ssl_key"] = Path(options.ssl_key or options.ssl_cert)
    Granian(
        TARGET + options.interface,
        factory=True,
        address=options.host,
        port=options.port,
        workers=options.workers,
        interface=Interfaces(options.interface),
        log_level=LogLevels(options.log_level),
        **more,
    ).serve()
    return 0


def run_hypercorn(options: Any) -> int:
    """Serve with hypercorn, in this process."""
    import asyncio

    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    from . import target

    config = Config()
    config.bind = ["unix:" + options.uds if options.uds else _address(options)]
    config.certfile = options.ssl_cert
    config.keyfile = options.ssl_key or options.ssl_cert
    config.loglevel = options.log_level.upper()
    config.errorlog = "-"
    asyncio.run(serve(getattr(target, options.interface)(), config, mode=options.interface))
    return 0


def run_gunicorn(options: Any) -> int:
    """Serve with gunicorn: threads for WSGI, its own worker for ASGI."""
    from gunicorn.app.base import BaseApplication
    from gunicorn.arbiter import Arbiter
    from gunicorn.util import import_app
    from gunicorn.workers import SUPPORTED_WORKERS
    from microdot.cpython.loading import CommandError

    settings = {
        "bind": ["unix:" + options.uds if options.uds else _address(options)],
        "workers": options.workers,
        "worker_class": "gthread" if options.interface == "wsgi" else "asgi",
        "threads": 8 if options.interface == "wsgi" else 1,
        "loglevel": options.log_level,
        "certfile": options.ssl_cert,
        "keyfile": options.ssl_key,
        "proc_name": "microdot " + options.app,
        # The application decides which proxies it trusts.
        "secure_scheme_headers": {},
        # Ctrl-C reaches all processes; the first one tells the others to finish.
        "post_worker_init": lambda worker: signal.signal(signal.SIGINT, signal.SIG_IGN),
    }
    if settings["worker_class"] not in SUPPORTED_WORKERS:
        raise CommandError(
            "this gunicorn serves no ASGI; upgrade it, or use --server uvicorn, or leave "
            "--interface out"
        )

    class Application(BaseApplication):  # type: ignore[misc,no-any-unimported]
        def load_config(self) -> None:
            for name, value in settings.items():
                if value is not None:
                    self.cfg.set(name, value)
            # Nobody asked for a socket in the home folder; older ones make none.
            if "control_socket_disable" in self.cfg.settings:
                self.cfg.set("control_socket_disable", True)

        def load(self) -> Any:
            return import_app("%s%s()" % (TARGET, options.interface))

    class Gentle(Arbiter):  # type: ignore[misc,no-any-unimported]
        def handle_int(self) -> None:
            # As SIGTERM. gunicorn's own way cuts requests off, and a worker with threads that is
            # about to take one waits for itself then.
            self.handle_term()

    Gentle(Application()).run()
    return 0


def run_waitress(options: Any) -> int:
    """Serve with waitress, in this process."""
    import waitress

    from . import target

    signal.signal(signal.SIGTERM, _leave)
    where = (
        {"unix_socket": options.uds}
        if options.uds
        else {"host": options.host, "port": str(options.port)}
    )
    # The application decides which proxies it trusts; it has to see what they say.
    waitress.serve(target.wsgi(), clear_untrusted_proxy_headers=False, **where)
    return 0


def _address(options: Any) -> str:
    host = "[%s]" % options.host if ":" in options.host else options.host
    return "%s:%d" % (host, options.port)
