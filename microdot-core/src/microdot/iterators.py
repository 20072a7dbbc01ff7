"""``BodyIterator``: every kind of response body as an asynchronous iterator of bytes."""

from ._compat import CPYTHON, iscoroutine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BodyIterator:
    """Iterates over a response body as bytes.

    :param body: bytes, a file-like object, an iterator or an asynchronous iterator.
    :param buffer_size: bytes to read from a file at a time.
    :raises TypeError: the body is nothing that can be sent.
    """

    def __init__(self, body: "Any", buffer_size: int) -> None:
        self._closers: "list[Any]" = []
        self._body: "Any" = None
        if body is None:
            body = b""
        if isinstance(body, (bytes, bytearray, memoryview)):
            self._next: "Any" = self._once
            self._body = bytes(body)
        elif hasattr(body, "read"):
            self._next = self._read
            self._size = buffer_size
            self._body = body
            self._closers = [getattr(body, "aclose", None) or getattr(body, "close", None)]
        elif hasattr(body, "__anext__"):
            self._next = body.__anext__
            self._closers = [getattr(body, "aclose", None)]
        elif hasattr(body, "__next__"):
            if CPYTHON:
                from .cpython.threads import ThreadIterator

                threaded = ThreadIterator(body)
                self._next = threaded.__anext__
                self._closers = [threaded.aclose]
            else:
                self._next = self._step
                self._body = body
                self._closers = [getattr(body, "close", None)]
        else:
            raise TypeError(
                "cannot send a response body of type %s; return text, bytes, a dictionary, a list, "
                "a file or an iterator of text or bytes" % type(body).__name__
            )

    def __aiter__(self) -> "BodyIterator":
        return self

    async def __anext__(self) -> bytes:
        item = await self._next()
        if isinstance(item, str):
            return item.encode()
        if isinstance(item, (bytes, bytearray, memoryview)):
            return bytes(item)
        raise TypeError("a body iterator gave a %s, not text or bytes" % type(item).__name__)

    async def _once(self) -> bytes:
        if not self._body:
            raise StopAsyncIteration
        body, self._body = self._body, b""
        return body  # type: ignore[no-any-return]

    async def _step(self) -> "Any":
        try:
            return next(self._body)
        except StopIteration:
            raise StopAsyncIteration

    async def _read(self) -> "Any":
        read = self._body.read
        if CPYTHON:
            from ._compat import invoke_handler

            data = await invoke_handler(read, self._size)
        else:
            data = read(self._size)
            if iscoroutine(data):
                data = await data
        if not data:
            raise StopAsyncIteration
        return data

    async def aclose(self) -> None:
        """Close what the body came from; safe to repeat."""
        while self._closers:
            close = self._closers.pop()
            if close is not None:
                result = close()
                if hasattr(result, "__await__") or iscoroutine(result):
                    await result
