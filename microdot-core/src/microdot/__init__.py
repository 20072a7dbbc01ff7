"""Microdot: a web framework for microcontrollers and servers alike.

This distribution owns the package; every other distribution adds modules to
it. On CPython the parts may lie in several folders.
"""

try:
    from pkgutil import extend_path
except ImportError:  # MicroPython reads a package from one folder
    pass
else:
    __path__ = extend_path(__path__, __name__)

from ._compat import CPYTHON, iscoroutine
from .application import Microdot
from .request import Request
from .response import Response
from .routing import URLPattern

if CPYTHON:
    from .streams import AsyncBytesIO
else:

    def __getattr__(name):  # type: ignore[no-untyped-def]
        # Asked before submodules are looked for, so it has to find these, too.
        path = "microdot." + ("streams" if name == "AsyncBytesIO" else name)
        try:
            module = __import__(path, None, None, ("",))
        except ImportError:
            raise AttributeError(name)
        return getattr(module, name, module)


__version__ = "1.0.0"

abort = Microdot.abort
redirect = Response.redirect
send_file = Response.send_file

__all__ = [
    "AsyncBytesIO",
    "Microdot",
    "Request",
    "Response",
    "URLPattern",
    "__version__",
    "abort",
    "iscoroutine",
    "redirect",
    "send_file",
]
