"""Bodies of responses that are logged when they end."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def watched(body: "Any", log: "Any", request: "Any", status: int) -> "Any":
    """Return an iterator over a body that is logged when it ends; parameters as of ``Body``."""
    kind = AsyncBody if hasattr(body, "__anext__") else PlainBody
    return kind(body, log, request, status)


class Body:
    """A body that is logged when it ends, once.

    :param body: the iterator.
    :param log: the ``AccessLog``.
    :param request: the request.
    :param status: the status of the response.
    """

    def __init__(self, body: "Any", log: "Any", request: "Any", status: int) -> None:
        self.body = body
        self.size = 0
        self._log = log
        self._request = request
        self._status = status

    def count(self, item: "Any") -> "Any":
        """Add the length of a piece; return the piece."""
        if isinstance(item, str):
            self.size += len(item.encode())
        elif isinstance(item, (bytes, bytearray, memoryview)):
            self.size += len(item)
        # What is none of these, core refuses.
        return item

    def end(self) -> None:
        """Log the request."""
        log, self._log = self._log, None
        if log is not None:
            log.log(self._request, self._status, self.size)


class AsyncBody(Body):
    """An asynchronous iterator that is logged."""

    def __aiter__(self) -> "AsyncBody":
        return self

    async def __anext__(self) -> "Any":
        return self.count(await self.body.__anext__())

    async def aclose(self) -> None:
        """Close the iterator, and log the request."""
        try:
            close = getattr(self.body, "aclose", None)
            if close is not None:
                await close()
        finally:
            self.end()


class PlainBody(Body):
    """An iterator that is logged."""

    def __iter__(self) -> "PlainBody":
        return self

    def __next__(self) -> "Any":
        return self.count(next(self.body))

    def close(self) -> None:
        """Close the iterator, and log the request."""
        try:
            close = getattr(self.body, "close", None)
            if close is not None:
                close()
        finally:
            self.end()
