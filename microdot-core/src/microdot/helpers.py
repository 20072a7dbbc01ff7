"""Helper functions for the authors of decorators and plugins."""

from ._compat import CPYTHON, invoke_handler
from ._report import report

if not CPYTHON:
    from ._compat import Lazy  # type: ignore[attr-defined]  # noqa: F401

try:
    from functools import wraps  # pyright: ignore
except ImportError:  # MicroPython: functions take no attributes

    def wraps(wrapped):  # type: ignore
        """Return a decorator that changes nothing."""
        return lambda wrapper: wrapper


def lenient_utf8(data: bytes) -> str:
    """Return bytes decoded from UTF-8, U+FFFD for what is invalid."""
    from microdot._utf8 import utf8

    return utf8(data)


__all__ = ["CPYTHON", "invoke_handler", "lenient_utf8", "report", "wraps"]
