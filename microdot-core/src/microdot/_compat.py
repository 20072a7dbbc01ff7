"""Where the platforms differ; everything else in the package is the same on both.

MicroPython's half is written here, CPython's in ``microdot.cpython.compat``.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

if not TYPE_CHECKING and sys.implementation.name in ("micropython", "circuitpython"):

    def iscoroutine(obj: "Any") -> bool:
        """Tell whether ``obj`` can be awaited; plain generators look the same here."""
        return hasattr(obj, "send") and hasattr(obj, "throw")

    def _resolve(coro: "Any") -> "Any":
        # A coroutine and the generator of a streaming handler are of one type. The
        # event loop's coroutines yield None; a stream yields what it sends.
        try:
            item = next(coro)
        except StopIteration as stop:
            return stop.value
        if item is not None:
            from .automatic import Resumed

            return Resumed(item, coro)
        try:
            yield
        except BaseException as error:
            try:
                coro.throw(error)
            except StopIteration as stop:
                return stop.value
            yield
        return (yield from coro)

    async def invoke_handler(handler: "Callable[..., Any]", *args: "Any", **kwargs: "Any") -> "Any":
        """Call ``handler``, wait for its result when it is a coroutine, return it."""
        result = handler(*args, **kwargs)
        if hasattr(result, "send"):
            result = await _resolve(result)
        return result

    def latin1(data: bytes) -> str:
        """Return bytes as text, one character for each byte."""
        try:
            text = data.decode()
            if len(text) == len(data):
                return text
        except UnicodeError:
            pass
        return "".join([chr(byte) for byte in data])

    def to_latin1(text: str) -> bytes:
        """Return text as bytes, one for each character; ``ValueError`` above U+00FF."""
        data = text.encode()
        return data if len(data) == len(text) else bytes([ord(char) for char in text])

    class Lazy:
        """Base of a class whose less frequent members come in with the first use of one.

        They are those of the class ``Members`` in the module that ``_extra`` names.
        """

        def __getattr__(self, name: str) -> "Any":
            cls = type(self)
            members = __import__(cls._extra, None, None, ("",)).Members.__dict__  # type: ignore[attr-defined]
            if name not in members:
                raise AttributeError(name)
            for key in members:
                # A subclass may have its own.
                if key[:2] != "__" and not hasattr(cls, key):
                    setattr(cls, key, members[key])
            return getattr(self, name)

    CPYTHON = False
else:
    from .cpython.compat import (  # type: ignore[assignment]
        invoke_handler,
        iscoroutine,
        latin1,
        to_latin1,
    )

    CPYTHON = True

if TYPE_CHECKING:
    __all__ = (
        "CPYTHON",
        "invoke_handler",
        "iscoroutine",
        "latin1",
        "to_latin1",
    )
