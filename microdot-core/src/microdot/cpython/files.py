"""File bodies on CPython: what lies in the page cache is read at once, the rest in a thread."""

import errno
import os
import stat
from typing import Any, Optional

from ..errors import HTTPException
from .threads import run_in_thread

#: A file up to this size is sent with one write; a larger one in pieces of this size.
PIECE = 262144

_NOWAIT = getattr(os, "RWF_NOWAIT", None)


class FastFile:
    """An open file as a response body, read without blocking the event loop.

    :param path: the path.
    :raises HTTPException: 404 without such a file, 403 without permission to read it.
    """

    def __init__(self, path: str) -> None:
        self._fd: Optional[int] = None
        try:
            fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | os.O_NONBLOCK)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
                raise HTTPException(403, "Forbidden") from None
            raise HTTPException(404, "Not found") from None
        self._fd = fd
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise HTTPException(404, "Not found")
        #: Bytes in the file, and when it was changed, in seconds since the epoch.
        self.size = status.st_size
        self.mtime = int(status.st_mtime)
        self._offset = 0
        self._left = self.size

    def limit(self, start: int, size: int) -> None:
        """Send ``size`` bytes from ``start`` on."""
        self._offset = start
        self._left = size

    @property
    def left(self) -> int:
        """Bytes still to be sent."""
        return self._left

    def _advance(self, n: int) -> None:
        self._offset += n
        self._left -= n

    def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes, all of the rest for -1."""
        if self._fd is None:
            raise ValueError("read of a closed file")
        data = os.pread(self._fd, self._left if n < 0 else min(n, self._left), self._offset)
        self._advance(len(data))
        return data

    async def read_into(self, buffer: memoryview) -> int:
        """Fill a buffer; return the number of bytes, fewer only at the end.

        The page cache is asked first (Linux); what it does not have is read in a thread.
        """
        size = min(len(buffer), self._left)
        got = 0
        if _NOWAIT is not None and self._fd is not None:
            try:
                got = os.preadv(self._fd, [buffer[:size]], self._offset, _NOWAIT)
            except OSError:
                got = 0
            self._advance(got)
        while got < size:
            data = await run_in_thread(self.read, size - got)
            if not data:
                break
            buffer[got : got + len(data)] = data
            got += len(data)
        return got

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)

    def __del__(self) -> None:
        self.close()


async def send_file(connection: Any, head: bytes, file: FastFile) -> None:
    """Send a response head and a file; head and first piece go in one write.

    :param connection: an ``HTTPProtocol``.
    :param head: the head, with a Content-Length of ``file.left``.
    :param file: the file; closed at the end.
    :raises OSError: the peer has gone.
    """
    server = connection.server
    try:
        while True:
            # The transport may keep a reference to what it could not send at once, and an
            # await may let another connection in: a buffer is shared only while neither is so.
            scratch = server.scratch or bytearray(PIECE + 4096)
            server.scratch = None
            view = memoryview(scratch)
            start = len(head)
            view[:start] = head
            wanted = min(file.left, len(scratch) - start)
            end = start + await file.read_into(view[start : start + wanted])
            if end - start < wanted:
                # The file shrank after its size was announced.
                connection.keep = False
                connection.abort()
                return
            if connection.write_shared(view[:end]):
                server.scratch = scratch
            head = b""
            await connection.drain()
            if not file.left:
                return
    finally:
        file.close()
