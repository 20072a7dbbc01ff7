"""``FileUpload``: one file of a form."""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Awaitable, Callable

if TYPE_CHECKING or CPYTHON:
    from microdot.multipart.upload_extra import Members as Extra
else:
    from microdot.helpers import Lazy as Extra


class FileUpload(Extra):
    """A file in a multipart form.

    Its content comes straight from the request, once, until ``copy`` sets it aside.

    :param filename: the file's name as the client sent it; never use it as a path.
    :param content_type: the Content-Type of the part, None without one.
    :param read: a coroutine function; ``read(n)`` returns up to ``n`` bytes, none at the end.
    """

    #: ``copy`` puts a file of this many bytes or more into a temporary file.
    max_memory_size = 1024

    _extra = "microdot.multipart.upload_extra"

    def __init__(
        self,
        filename: str,
        content_type: "str | None",
        read: "Callable[[int], Awaitable[bytes]]",
    ) -> None:
        self.filename = filename
        self.content_type = content_type
        self._read: "Any" = read

    def __repr__(self) -> str:
        return "<FileUpload %r, %s>" % (self.filename, self.content_type)
