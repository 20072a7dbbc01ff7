"""``Microdot`` as an ASGI application, and ``asgi()``, which makes one of any ``Microdot``.

The application may be served by any server that speaks ASGI 3 (uvicorn, granian, hypercorn, daphne, gunicorn with
its ASGI worker). Everything else is that of the core class.
"""

import os
import signal
from typing import TYPE_CHECKING, Any

from .adapters.asgi_server import serve_http, serve_websocket
from .adapters.lifecycle import Lifecycle
from .application import Microdot as _Microdot

if TYPE_CHECKING:
    from .adapters.asgi_websocket import WebSocket
    from .websocket import websocket_upgrade, with_websocket

__all__ = ["Microdot", "WebSocket", "asgi", "websocket_upgrade", "with_websocket"]


def __getattr__(name: str) -> Any:
    # They need microdot-websocket, which not every application has.
    if name not in ("WebSocket", "websocket_upgrade", "with_websocket"):
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    try:
        from . import websocket
    except ImportError:
        raise ImportError(
            "%s.%s needs the distribution microdot-websocket; install it" % (__name__, name)
        ) from None
    if name == "WebSocket":
        from .adapters.asgi_websocket import WebSocket

        return WebSocket
    return getattr(websocket, name)


def _terminate() -> None:
    # The process itself: its parent may serve other processes, and lives on.
    os.kill(os.getpid(), signal.SIGTERM)


class _Callable:
    """The ASGI side of an application."""

    #: Called with the lifespan's scope when the server starts and when it ends; None for nothing.
    lifespan_startup: Any = None
    lifespan_shutdown: Any = None

    _application: Any
    _lifecycle: Lifecycle

    async def __call__(self, scope: "dict[str, Any]", receive: Any, send: Any) -> None:
        """Serve one scope; the server calls this. See ``asgi_app``."""
        if (
            scope["type"] == "http"
            and self._lifecycle.started
            # Nothing is put around it: a shorter way to the same.
            and "asgi_app" not in self.__dict__
            and type(self).asgi_app is _Callable.asgi_app
        ):
            await serve_http(self._application, scope, receive, send)
        else:
            await self.asgi_app(scope, receive, send)

    async def asgi_app(self, scope: "dict[str, Any]", receive: Any, send: Any) -> None:
        """Serve one scope of an ASGI server.

        Middleware can be put around it: ``app.asgi_app = Middleware(app.asgi_app)``.

        :param scope: of type ``http``, ``websocket`` or ``lifespan``; others are ignored.
        :param receive: the server's function to receive messages.
        :param send: the server's function to send messages.
        :raises Exception: the body of a response has failed when a part of it was sent: the server
                           reports it, and cuts the connection.
        """
        kind = scope["type"]
        if kind == "http" or kind == "websocket":
            if not self._lifecycle.started:
                await self._begin()
            if kind == "http":
                await serve_http(self._application, scope, receive, send)
            else:
                await serve_websocket(self._application, scope, receive, send)
        elif kind == "lifespan":
            await self.handle_lifespan(scope, receive, send)

    async def handle_lifespan(self, scope: "dict[str, Any]", receive: Any, send: Any) -> None:
        """Start and end with the server: plugin hooks, ``lifespan_startup``, ``lifespan_shutdown``.

        :param scope: the scope, of type ``lifespan``.
        :param receive: the server's function to receive messages.
        :param send: the server's function to send messages.
        """
        self._take_over()
        await self._lifecycle.serve_lifespan(
            scope, receive, send, self.lifespan_startup, self.lifespan_shutdown
        )

    async def _begin(self) -> None:
        # The server has no lifespan, or the application could not start.
        self._take_over()
        await self._lifecycle.start()

    def _take_over(self) -> None:
        app = self._application
        if app._runner is None:
            app._runner = _Runner()


class _Runner:
    """What ``shutdown()`` of a core application ends."""

    def shutdown(self) -> None:
        """Tell the server to end."""
        _terminate()


class Microdot(_Callable, _Microdot):
    """A web application for ASGI servers: ``uvicorn module:app``.

    :param lifespan_startup: called with the scope of the server's lifespan when it starts; what it puts in
                             ``scope["state"]`` is in the scope of every request.
    :param lifespan_shutdown: called with it when the server ends.
    :param options: as of the core class.
    """

    #: ``run()`` was called: the application is on the built-in server.
    embedded_server = False

    def __init__(
        self, lifespan_startup: Any = None, lifespan_shutdown: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.lifespan_startup = lifespan_startup
        self.lifespan_shutdown = lifespan_shutdown
        self._application = self
        self._lifecycle = Lifecycle(self)

    def run(
        self,
        host: str = "0.0.0.0",
        port: int = 5000,
        debug: bool = False,
        ssl: Any = None,
        **options: Any,
    ) -> None:
        """Serve the application on the built-in server; parameters as of the core class."""
        self.embedded_server = True
        super().run(host=host, port=port, debug=debug, ssl=ssl, **options)

    def shutdown(self) -> None:
        """Stop the server: the built-in one in the usual way, any other with ``SIGTERM``.

        The signal goes to this process: of several workers it is this one that ends.
        """
        if self.embedded_server or not isinstance(self._runner, (_Runner, type(None))):
            super().shutdown()
        else:
            _terminate()


class _Served(_Callable):
    def __init__(self, app: Any, lifespan_startup: Any, lifespan_shutdown: Any) -> None:
        self.app = self._application = app
        self.lifespan_startup = lifespan_startup
        self.lifespan_shutdown = lifespan_shutdown
        self._lifecycle = Lifecycle(app)

    def __repr__(self) -> str:
        return "<ASGI application for %r>" % (self.app,)


def asgi(app: Any, lifespan_startup: Any = None, lifespan_shutdown: Any = None) -> Any:
    """Return an ASGI application that serves any Microdot application.

    ::

        from microdot.asgi import asgi
        from hello import app

        served = asgi(app)      # uvicorn module:served

    :param app: a ``Microdot``, of the core class or another.
    :param lifespan_startup: called with the scope of the server's lifespan when it starts.
    :param lifespan_shutdown: called with it when the server ends.
    :raises TypeError: it is no Microdot application.
    """
    if not isinstance(app, _Microdot):
        raise TypeError("asgi() serves a Microdot application, not %r" % (app,))
    return _Served(app, lifespan_startup, lifespan_shutdown)
