"""``AsyncBytesIO``: bytes in memory behind the methods of an asynchronous stream."""

from io import BytesIO


class AsyncBytesIO:
    """An asynchronous stream over bytes in memory.

    :param data: the bytes to read.
    """

    def __init__(self, data: bytes) -> None:
        self.stream = BytesIO(data)

    async def read(self, n: int = -1) -> bytes:
        """Return up to ``n`` bytes, all of the rest for -1, ``b""`` at the end."""
        return self.stream.read(n)

    async def readline(self) -> bytes:
        """Return the bytes up to and including the next line feed."""
        return self.stream.readline()

    async def readexactly(self, n: int) -> bytes:
        """Return ``n`` bytes, or fewer when the end comes first."""
        return self.stream.read(n)

    async def readuntil(self, separator: bytes = b"\n") -> bytes:
        """Return the bytes up to and including ``separator``, or all of the rest."""
        start = self.stream.tell()
        data = self.stream.read()
        end = data.find(separator)
        if end >= 0:
            data = data[: end + len(separator)]
            self.stream.seek(start + len(data))
        return data

    async def awrite(self, data: bytes) -> int:
        """Write ``data`` at the current position; return the number of bytes."""
        return self.stream.write(data)

    async def aclose(self) -> None:
        """Do nothing; there is nothing to release."""
