"""File bodies on CPython: small ones from memory, others from the page cache, the rest in a thread."""

import errno
import os
import stat
from typing import Any, Dict, Optional, Tuple

from ..errors import HTTPException
from .threads import run_in_thread

#: A file up to this size is sent with one write; a larger one in pieces of this size.
PIECE = 262144
#: Files up to this size are kept in memory, up to a sum; each use asks whether they changed.
CACHED_FILE = 131072
CACHE_BYTES = 8 << 20

_NOWAIT = getattr(os, "RWF_NOWAIT", None)

#: Path -> (what tells one version of the file from another, its bytes).
_cache: "Dict[str, Tuple[Any, bytes]]" = {}
_cached_bytes = 0


def _version(status: os.stat_result) -> Any:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


def _keep(path: str, version: Any, data: bytes) -> None:
    global _cached_bytes
    if path in _cache:
        _cached_bytes -= len(_cache.pop(path)[1])
    while _cache and _cached_bytes + len(data) > CACHE_BYTES:
        _cached_bytes -= len(_cache.pop(next(iter(_cache)))[1])
    if len(data) <= min(CACHED_FILE, CACHE_BYTES):
        _cache[path] = (version, data)
        _cached_bytes += len(data)


class FastFile:
    """A file as a response body, read without blocking the event loop.

    :param path: the path.
    :raises HTTPException: 404 without such a file, 403 without permission to read it.
    """

    #: What tells this version of the file from others.
    version: Any
    #: All of the file, where it is in memory.
    data: Optional[bytes] = None
    _fd: Optional[int] = None
    _offset = 0

    def __init__(self, path: str) -> None:
        try:
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode):
                raise HTTPException(404, "Not found")
            self.version = version = _version(status)
            entry = _cache.get(path)
            if entry is not None and entry[0] == version:
                self.data = entry[1]
            else:
                self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
                raise HTTPException(403, "Forbidden") from None
            raise HTTPException(404, "Not found") from None
        self._path = path
        #: Bytes in the file, and when it was changed, in seconds since the epoch.
        self.size = self._left = status.st_size
        self.mtime = version[0] // 1000000000

    def limit(self, start: int, size: int) -> None:
        """Send ``size`` bytes from ``start`` on."""
        self._offset = start
        self._left = size

    @property
    def left(self) -> int:
        """Bytes still to be sent."""
        return self._left

    @property
    def whole(self) -> bool:
        """Whether all of the file is to be sent."""
        return self._left == self.size

    def fileno(self) -> int:
        """Return the descriptor of the open file, at its beginning.

        :raises OSError: the file is in memory, or closed.
        """
        if self._fd is None:
            raise OSError(errno.EBADF, "the file is in memory, or closed; use read()")
        return self._fd

    def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes, all of the rest for -1."""
        size = self._left if n < 0 else min(n, self._left)
        if self.data is not None:
            data = self.data[self._offset : self._offset + size]
        elif self._fd is None:
            raise ValueError("read of a closed file")
        else:
            data = os.pread(self._fd, size, self._offset)
        self._offset += len(data)
        self._left -= len(data)
        return data

    async def load(self) -> None:
        """Take a small file into memory, for this response and those to come."""
        if self.data is None and self.size <= CACHED_FILE and self.whole:
            buffer = bytearray(self.size)
            if await self.read_into(memoryview(buffer)) == self.size:
                self.data = bytes(buffer)
                _keep(self._path, self.version, self.data)
            self._offset = 0
            self._left = self.size

    async def read_into(self, buffer: memoryview) -> int:
        """Fill a buffer; return the number of bytes, fewer only at the end.

        The page cache is asked first (Linux); what it does not have is read in a thread.
        """
        size = min(len(buffer), self._left)
        got = 0
        if _NOWAIT is not None and self._fd is not None and size:
            try:
                got = os.preadv(self._fd, [buffer[:size]], self._offset, _NOWAIT)
            except OSError:
                got = 0
            self._offset += got
            self._left -= got
        while got < size:
            if self.data is None:
                data = await run_in_thread(self.read, size - got)
            else:
                data = self.read(size - got)
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
            if start > 4096:
                connection.write(head)
                start = 0
            else:
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
