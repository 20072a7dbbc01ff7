"""``TestStream``: a response that a test reads piece by piece while it is being made."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["TestStream"]


class TestStream:
    """A response whose body is read as it comes, also one without an end.

    ``TestClient.stream`` makes it. As behind a server, the body runs by itself, one piece ahead
    of the test. Every wait has a deadline: ``timeout`` seconds.

    :param status_code: the status code.
    :param reason: the reason phrase, where the application set one.
    :param headers: the header fields.
    :param chunks: the asynchronous iterator over the body, None for no body.
    :param timeout: seconds that a read waits at most.
    """

    __test__ = False

    def __init__(
        self,
        status_code: "int | None",
        reason: "str | None",
        headers: "Any",
        chunks: "Any",
        timeout: float,
    ) -> None:
        self.status_code = status_code
        self.reason = reason
        #: The header fields; ``Set-Cookie`` is a list.
        self.headers = headers
        self.timeout = timeout
        self._chunks = chunks
        self._parser: "Any" = None
        self._events: "list[dict[str, Any]]" = []
        self._chunk = b""
        self._error: "Exception | None" = None
        self._ended = chunks is None
        self._closed = False
        # Set when there is a piece or an end for the test, and when the test has taken it.
        self._ready = asyncio.Event()
        self._taken = asyncio.Event()
        self._begun = False
        self._task = None if chunks is None else asyncio.create_task(self._run())

    async def _run(self) -> None:
        self._begun = True
        try:
            async for chunk in self._chunks:
                if chunk:
                    self._chunk = chunk
                    self._taken.clear()
                    self._ready.set()
                    await self._taken.wait()
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self._error = error
        finally:
            self._ended = True
            self._ready.set()

    def __aiter__(self) -> "TestStream":
        return self

    async def __anext__(self) -> bytes:
        chunk = await self._next()
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def _next(self) -> bytes:
        if not self._chunk and not self._ended:
            self._ready.clear()
            try:
                await asyncio.wait_for(self._ready.wait(), self.timeout)
            except asyncio.TimeoutError:
                raise AssertionError(
                    "the response has sent nothing for %s s; give TestClient.stream() another timeout, "
                    "or look why" % self.timeout
                )
        chunk, self._chunk = self._chunk, b""
        self._taken.set()
        if not chunk and self._error is not None:
            error, self._error = self._error, None
            raise error
        return chunk

    async def read(self) -> bytes:
        """Return the rest of the body.

        :raises AssertionError: there was nothing to be read for ``timeout`` seconds.
        """
        pieces: "list[bytes]" = []
        while True:
            chunk = await self._next()
            if not chunk:
                return b"".join(pieces)
            pieces.append(chunk)

    async def event(self) -> "dict[str, Any] | None":
        """Return the next event of a ``text/event-stream`` body, None at its end.

        :returns: a dictionary as in ``TestResponse.events``.
        :raises AssertionError: there was nothing to be read for ``timeout`` seconds.
        """
        if self._parser is None:
            from .test_events import EventParser

            self._parser = EventParser()
        while not self._events:
            chunk = await self._next()
            if not chunk:
                return None
            self._events = self._parser.feed(chunk)
        return self._events.pop(0)

    def events(self) -> "Any":
        """Return an asynchronous iterator over the events that follow; see ``event``."""
        return _Events(self)

    async def close(self) -> None:
        """Leave, as a client does that closes the connection: the body is cancelled and closed.

        What the application does at the end is over when this returns; it is safe to repeat.

        :raises AssertionError: the body goes on for ``timeout`` seconds after that.
        """
        if self._closed:
            return
        self._closed = True
        self._chunk = b""
        if self._task is not None and not self._ended:
            self._task.cancel()
            if self._begun:
                self._ready.clear()
                try:
                    await asyncio.wait_for(self._ready.wait(), self.timeout)
                except asyncio.TimeoutError:
                    raise AssertionError(
                        "the body of the response goes on for %s s after the client has left; "
                        "let it end when it is cancelled" % self.timeout
                    )
        self._ended = True
        if self._chunks is not None:
            await self._chunks.aclose()


class _Events:
    # MicroPython has no asynchronous generators.

    def __init__(self, stream: TestStream) -> None:
        self._stream = stream

    def __aiter__(self) -> "_Events":
        return self

    async def __anext__(self) -> "dict[str, Any]":
        event = await self._stream.event()
        if event is None:
            raise StopAsyncIteration
        return event
