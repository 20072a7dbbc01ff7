"""What a ``FileUpload`` does; loaded with the first upload on a board."""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The least size of the pieces that files are read and written in, in bytes.
PIECE = 65536 if CPYTHON else 1024


class Members:
    """The second half of ``FileUpload``."""

    if TYPE_CHECKING:
        filename: str
        content_type: "str | None"
        max_memory_size: int
        _read: Any

    #: Bytes in the file, None as long as that is not known, before ``copy``.
    size: "int | None" = None
    # A copy: the file object it is read from, and where the temporary file is.
    _file: "Any" = None
    _path: "str | None" = None
    _storage: "Any" = None
    # The plugin whose limits count.
    _limits: "Any" = None

    @property
    def safe_filename(self) -> str:
        """The last part of ``filename``, fit to be the name of a new file in a folder."""
        from microdot.multipart.safe import safe_filename

        return safe_filename(self.filename)

    @property
    def file(self) -> "Any":
        """A binary file object over a copied upload, for plain handlers; ``close()`` closes it.

        :raises ValueError: the upload was not copied, or is closed.
        """
        if self._file is None:
            if self._path is None:
                raise ValueError(
                    "upload %r is not there to be read: copy() it first, and read it before close()"
                    % self.filename
                )
            self._file = open(self._path, "rb")  # noqa: SIM115  (close() does)
        return self._file

    async def read(self, n: int = -1) -> bytes:
        """Return the next ``n`` bytes, fewer at the end of the file only; all of the rest for -1.

        :raises ValueError: the form was read on, or the upload closed.
        :raises HTTPException: 400 or 413, the rest of the form is malformed or too large.
        """
        if n < 0 and self.size is not None:
            return self.file.read()  # type: ignore[no-any-return]
        pieces = []
        while n:
            data = await self._read(PIECE if n < 0 else n)
            if not data:
                break
            pieces.append(data)
            if n > 0:
                n -= len(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def save(self, path_or_file: "Any") -> None:
        """Write what has not been read of the upload into a file.

        :param path_or_file: a path, or a binary file object, which is left open.
        """
        file = path_or_file
        if isinstance(file, str) or hasattr(file, "__fspath__"):
            file = open(file, "wb")  # noqa: SIM115  (closed below)
        try:
            size = _piece_size()
            while True:
                data = await self._read(size)
                if not data:
                    break
                _write(file, data)
        finally:
            if file is not path_or_file:
                file.close()

    async def copy(self, max_memory_size: "int | None" = None) -> "Any":
        """Set the upload aside, in memory or in a temporary file, until ``close``; return itself.

        :param max_memory_size: a file of this many bytes or more goes into a temporary file;
            None for the class attribute.
        """
        if self.size is not None:
            return self
        most = self.max_memory_size if max_memory_size is None else max_memory_size
        pieces = []
        total = 0
        file = None
        step = _piece_size()
        try:
            while True:
                data = await self._read(step if file else max(1, min(step, most - total)))
                if not data:
                    break
                total += len(data)
                if file is not None:
                    _write(file, data)
                    continue
                pieces.append(data)
                if total >= most:
                    from microdot.multipart.storage import storage_of

                    self._storage = storage_of(self._limits)
                    self._path, file = self._storage.create()
                    for data in pieces:
                        _write(file, data)
                    pieces = []
            if file is not None:
                file.close()
        except BaseException:
            if file is not None:
                file.close()
            self.release()
            raise
        if self._path is None:
            from io import BytesIO

            self._file = BytesIO(b"".join(pieces))
        self.size = total
        self._read = self._read_copy
        return self

    async def _read_copy(self, n: int) -> bytes:
        return self.file.read(n)  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Release what ``copy`` created; safe to repeat."""
        self.release()

    def release(self) -> None:
        """Do what ``close`` does, at once: for plain functions, and while being cancelled."""
        file, self._file = self._file, None
        path, self._path = self._path, None
        if file is not None:
            file.close()
        if path is not None:
            self._storage.remove(path)


def _piece_size() -> int:
    from microdot.multipart.form import FormDataIter

    return max(PIECE, FormDataIter.buffer_size)


def _write(file: "Any", data: bytes) -> None:
    # A file without a buffer, or of a full disk, may take less than all.
    while data:
        done = file.write(data)
        if done is None or done >= len(data):
            return
        if not done:
            raise OSError(28, "no room for an upload")
        data = data[done:]
