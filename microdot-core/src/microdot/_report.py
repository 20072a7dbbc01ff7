"""Telling the operator about errors in the application."""

import sys

from ._compat import CPYTHON

TYPE_CHECKING = False

if TYPE_CHECKING or CPYTHON:
    from .cpython.compat import print_exception, report
else:

    def print_exception(exc: BaseException) -> None:
        """Print an exception with its traceback."""
        sys.print_exception(exc)  # type: ignore[attr-defined]

    def report(message: str, exc: BaseException) -> None:
        """Tell the operator, once, about an error in the application."""
        print(message)
        sys.print_exception(exc)  # type: ignore[attr-defined]


__all__ = ["print_exception", "report"]
