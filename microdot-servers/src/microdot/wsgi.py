"""Serving an application with a WSGI server (PEP 3333): gunicorn, waitress, granian and others.

Either the application is a ``microdot.wsgi.Microdot``, which is a WSGI callable, or any application
is made one with ``wsgi(app)``.
"""

import os
import signal
from typing import TYPE_CHECKING, Any, Dict, Iterable

from microdot import (
    AsyncBytesIO,
    Request,
    Response,
    URLPattern,
    abort,
    iscoroutine,
    redirect,
    send_file,
)
from microdot import Microdot as _Microdot

from .adapters.wsgi_adapter import WSGIAdapter

if TYPE_CHECKING:
    from microdot.websocket import WebSocket, websocket_upgrade, with_websocket

_WEBSOCKET = ("WebSocket", "websocket_upgrade", "with_websocket")


def __getattr__(name: str) -> Any:
    if name not in _WEBSOCKET:
        raise AttributeError("module %r has no attribute %r" % (__name__, name))
    try:
        from microdot import websocket
    except ImportError:
        raise ImportError(
            "microdot.wsgi.%s needs the distribution microdot-websocket; install it" % name
        ) from None
    return getattr(websocket, name)


def wsgi(app: _Microdot, inline: bool = True) -> WSGIAdapter:
    """Return a WSGI callable that serves an application.

    :param app: the application, of ``microdot.Microdot`` or a subclass.
    :param inline: run the part of an ``async def`` handler that does not wait in the thread of the
                   request, which saves two thread switches; with False, ``async def`` handlers are
                   always in the one thread of the event loop.
    """
    if not isinstance(app, _Microdot):
        raise TypeError("wsgi() takes a Microdot application, not %r" % (app,))
    return WSGIAdapter(app, inline)


def terminate() -> None:
    """Ask the server of this process to stop it, with SIGTERM."""
    os.kill(os.getpid(), signal.SIGTERM)


class Microdot(_Microdot):
    """An application that is a WSGI callable.

    :param inline: as of ``wsgi``.
    :param options: as of ``microdot.Microdot``.
    """

    #: The application was started with ``run()``, not by a WSGI server.
    embedded_server = False

    def __init__(self, inline: bool = True, **options: Any) -> None:
        super().__init__(**options)
        #: What serves the application: its event loop, ``start()`` and ``close()``.
        self.adapter = WSGIAdapter(self, inline)

    @property
    def loop(self) -> Any:
        """The event loop of the WSGI requests; it is started if need be."""
        return self.adapter.loop

    def wsgi_app(self, environ: "Dict[str, Any]", start_response: Any) -> "Iterable[bytes]":
        """Handle a request of a WSGI server; return the body, an iterable with ``close()``."""
        return self.adapter(environ, start_response)

    def __call__(self, environ: "Dict[str, Any]", start_response: Any) -> "Iterable[bytes]":
        """Handle a request of a WSGI server; return the body, an iterable with ``close()``."""
        return self.wsgi_app(environ, start_response)

    def shutdown(self) -> None:
        """Stop: the built-in server after ``run()``; else SIGTERM to this process."""
        if self.embedded_server:
            super().shutdown()
        else:
            terminate()

    def run(
        self,
        host: str = "0.0.0.0",
        port: int = 5000,
        debug: bool = False,
        ssl: Any = None,
        **options: Any,
    ) -> None:
        """Serve the application with the built-in server; parameters as of ``microdot.Microdot``."""
        self.embedded_server = True
        super().run(host=host, port=port, debug=debug, ssl=ssl, **options)


__all__ = [
    "AsyncBytesIO",
    "Microdot",
    "Request",
    "Response",
    "URLPattern",
    "WebSocket",
    "WSGIAdapter",
    "abort",
    "iscoroutine",
    "redirect",
    "send_file",
    "terminate",
    "websocket_upgrade",
    "with_websocket",
    "wsgi",
]
