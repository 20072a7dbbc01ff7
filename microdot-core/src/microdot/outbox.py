"""What a connection over asyncio streams needs when it is more than requests and responses."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_now(reader: "Any") -> "bytes | None":
    """Return bytes that have arrived, b"" at the end, None when there are none.

    A CPython stream reads ahead by itself; what it has is all there is.
    """
    stream = getattr(reader, "s", None)
    return stream.read(4096) if stream is not None else None  # type: ignore[no-any-return]


async def watch(connection: "Any", reader: "Any", task: "Any") -> None:
    """Cancel the task of a connection when its peer leaves; what comes is the next request.

    :param connection: the connection, in the midst of a response.
    :param reader: its reader.
    :param task: its task.
    """
    data: "Any" = b"?"
    while data and len(connection.parser.buffer) < 4096:
        try:
            data = await reader.read(256)
        except OSError:
            data = b""
        if data:
            connection.parser.receive(data)
    if not data:
        connection.lost = connection._expired = True
        task.cancel()


class Outbox:
    """Stands before the writer of a connection that a handler has taken over.

    MicroPython's streams allow one task at a time to wait in ``drain()``, and lose what is written
    meanwhile. Here a task of its own waits, as long as there is something left to be sent.

    :param connection: the connection.
    :param reader: its reader.
    :param writer: its writer.
    """

    def __init__(self, connection: "Any", reader: "Any", writer: "Any") -> None:
        self._connection = connection
        self._reader = reader
        self._writer = writer
        self._pending = b""
        self._task: "Any" = None
        self._sent: "Any" = None

    def look(self) -> bool:
        """Take bytes that have arrived unasked; tell whether there were any, or an end."""
        connection = self._connection
        data = read_now(self._reader) if len(connection.parser.buffer) < 4096 else None
        if data == b"":
            connection.lost = True
        elif data:
            connection.parser.receive(data)
        return data is not None

    def post(self, data: bytes, limit: int) -> bool:
        """Queue bytes unless more than ``limit`` wait already; return whether they were queued."""
        if self._connection.lost or self.size() > limit:
            return False
        self.write(data)
        return True

    def size(self) -> int:
        """Return the number of bytes that wait to be sent."""
        writer = self._writer
        if hasattr(writer, "transport"):
            return writer.transport.get_write_buffer_size()  # type: ignore[no-any-return]
        return len(self._pending) + len(writer.out_buf)

    def write(self, data: bytes) -> None:
        """Send bytes, or keep what the peer does not take at once.

        :raises OSError: the peer has gone.
        """
        if self._task is not None:
            self._pending += data
            return
        self._writer.write(data)
        if getattr(self._writer, "out_buf", None):
            self._sent = asyncio.Event()
            self._task = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        connection = self._connection
        try:
            while True:
                connection.deadline = connection.server.later + connection.app.write_timeout
                await self._writer.drain()
                if not self._pending:
                    break
                data, self._pending = self._pending, b""
                self._writer.write(data)
        except OSError:
            connection.lost = True
        finally:
            connection.deadline = None
            self._task = None
            self._sent.set()

    async def drain(self) -> None:
        """Wait until everything is sent.

        :raises OSError: the peer has gone.
        """
        if hasattr(self._writer, "transport"):
            await self._writer.drain()
        while self._task is not None and not self._connection.lost:
            await self._sent.wait()
        if self._connection.lost:
            raise OSError(32, "Broken pipe")

    def close(self) -> None:
        """Close the stream; what has not been sent is lost."""
        if self._task is not None:
            self._task.cancel()
        self._writer.close()

    async def wait_closed(self) -> None:
        """Wait until the stream is closed."""
        await self._writer.wait_closed()
