"""``FormDataIter`` and ``with_form_data``: the fields and files of a multipart form."""

from microdot.helpers import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class FormDataIter:
    """An asynchronous iterator over the (name, value) pairs of a multipart form.

    The value is text for a field, a ``FileUpload`` for a file. Read, ``save`` or ``copy`` a file
    before going on to the next pair; what is left of it is skipped. Nothing is read behind the
    end of the form. A request without a multipart form gives nothing.

    :param request: the request; its form and files attributes are not touched.
    :param reader: the ``Reader`` to use, None for a new one.
    """

    #: The most bytes asked of the request at once, where more is not faster: pieces have at least
    #: 64 KiB on CPython, 1 KiB on MicroPython.
    buffer_size = 256

    def __init__(self, request: "Any", reader: "Any" = None) -> None:
        self.request = request
        self._reader = reader

    def __aiter__(self) -> "FormDataIter":
        return self

    async def __anext__(self) -> "tuple[str, Any]":
        """Return the next pair.

        :raises HTTPException: 400, the form is malformed; 413, a limit is exceeded.
        """
        if self._reader is None:
            from microdot.multipart.reader import Reader

            self._reader = Reader(self.request)
        return await self._reader.next()  # type: ignore[no-any-return]


def with_form_data(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """Decorate a handler: a multipart form is in ``request.form`` and ``request.files`` for it.

    Both are dictionaries of the first value of each name; ``getlist`` gives all of them. The files
    are copied already, and closed when the handler has ended, however it does. For other
    requests both are what they would be without the decorator. A plain handler runs in the
    thread pool on CPython, like any; it reads ``FileUpload.file``.

    :param f: the handler.
    """

    @wraps(f)
    async def wrapper(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        from microdot.multipart.reader import run

        return await run(f, request, args, kwargs)

    return wrapper


def getlist(request: "Any", name: str, type: "Callable[[Any], Any] | None" = None) -> "list[Any]":
    """Return all fields of a name, then all files of that name, each in order.

    On CPython ``request.form.getlist(name)`` and ``request.files.getlist(name)`` do, too.

    :param request: the request, in a handler with ``with_form_data``.
    :param name: the name.
    :param type: a callable that converts each value.
    """
    found = []
    for pairs in request.__dict__.get("_multipart", ()):
        for key, value in pairs:
            if key == name:
                found.append(type(value) if type else value)
    return found
