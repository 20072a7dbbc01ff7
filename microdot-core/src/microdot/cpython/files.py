"""File bodies on CPython: what lies in the page cache is read at once, the rest in a thread."""

import os
from typing import Any, Optional

from ..files import File
from .threads import run_in_thread

#: A file up to this size is read as a whole; a larger one in pieces of this size.
PIECE = 262144


class FastFile(File):
    """An open file as a response body, read without blocking the event loop.

    :param path: the path.
    :raises HTTPException: 404 without such a file, 403 without permission to read it.
    """

    def _cached(self, n: int) -> Optional[bytes]:
        # The bytes if they can be had without waiting for a disk (Linux), else None.
        if not hasattr(os, "RWF_NOWAIT"):
            return None
        buffer = bytearray(n)
        try:
            if os.preadv(self._file.fileno(), [buffer], self._file.tell(), os.RWF_NOWAIT) != n:
                return None
        except OSError:
            return None
        self._file.seek(n, 1)
        self._left -= n
        return bytes(buffer)

    async def read_ahead(self) -> Optional[bytes]:
        """Return all that is to be sent and close the file; None when that is too much at once."""
        size = self._left
        if size > PIECE:
            return None
        data = self._cached(size)
        if data is None:
            data = await run_in_thread(self.read, size)
        self.close()
        return data if len(data) == size else None

    async def pieces(self) -> Any:
        """Iterate over what is to be sent, in large pieces."""
        while self._left:
            size = min(PIECE, self._left)
            data = self._cached(size)
            if data is None:
                data = await run_in_thread(self.read, size)
            if not data:
                return
            yield data
