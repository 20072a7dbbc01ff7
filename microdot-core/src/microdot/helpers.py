"""Helper functions for the authors of decorators and plugins."""

from ._compat import CPYTHON, invoke_handler
from ._report import report

try:
    from functools import wraps  # pyright: ignore
except ImportError:  # MicroPython: functions take no attributes

    def wraps(wrapped):  # type: ignore
        """Return a decorator that changes nothing."""
        return lambda wrapper: wrapper


__all__ = ["CPYTHON", "invoke_handler", "report", "wraps"]
