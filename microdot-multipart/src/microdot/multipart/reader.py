"""``Reader``: reads a form from a request, part by part; loaded with the first form on a board."""

from microdot.errors import HTTPException
from microdot.helpers import CPYTHON, invoke_handler
from microdot.multipart.form import FormDataIter
from microdot.multipart.names import decode, find_boundary, parse_part
from microdot.multipart.parser import Parser
from microdot.multipart.plugin import limits_of
from microdot.multipart.upload import FileUpload
from microdot.multipart.upload_extra import PIECE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.values import Values
else:

    def Values(pairs: "Any") -> "Any":
        """Return a dictionary of the first value of each name; ``getlist`` has the others."""
        # dict() of an instance of a subclass fails here, so it is none.
        values: "dict[str, Any]" = {}
        for name, value in pairs:
            if name not in values:
                values[name] = value
        return values


class Reader:
    """What a ``FormDataIter`` does.

    :param request: the request.
    """

    # The parser, None before the first use, False when there is nothing (more) to parse.
    _parser: "Any" = None
    _limits: "Any" = None
    # The number of the part whose content comes, 0 after a failure; whether more of it comes.
    _number = 0
    _open = False
    # A piece of it, and how much of that has been read.
    _data = b""
    _start = 0
    # Bytes in the part, in all fields, and in all parts.
    _size = 0
    _fields = 0
    _total = 0

    def __init__(self, request: "Any") -> None:
        self.request = request

    async def next(self) -> "tuple[str, Any]":
        """Return the next pair.

        :raises HTTPException: 400, the form is malformed; 413, a limit is exceeded.
        """
        if self._parser is None:
            self._begin()
        while self._open:
            await self._piece()
        # Taken away, so that whatever goes wrong ends the iteration.
        parser, self._parser, self._number = self._parser, False, 0
        if not parser:
            raise StopAsyncIteration
        kind, block = await self._event(parser)
        if kind == parser.FORM_END:
            raise StopAsyncIteration
        name, filename, content_type = parse_part(block, parser.parts)
        self._parser = parser
        self._number = number = parser.parts
        self._open = True
        self._size = self._start = 0
        self._data = b""
        limits = self._limits
        if filename is not None:
            self._most = limits.max_file_size, "max_file_size"

            async def read(n: int) -> bytes:
                return await self._read(number, n)

            upload = FileUpload(filename, content_type, read)
            upload._limits = limits
            return name, upload
        self._most = limits.max_field_size, "max_field_size"
        pieces = []
        while self._open:
            data = await self._piece()
            self._fields += len(data)
            if self._fields > limits.max_fields_size:
                raise self._too_large("the fields are", "max_fields_size", limits.max_fields_size)
            pieces.append(data)
        return name, decode(b"".join(pieces), "the field of part %d" % number)

    def _begin(self) -> None:
        self._parser = False
        boundary = find_boundary(self.request.content_type)
        if boundary is not None:
            self._limits = limits = limits_of(self.request)
            self._parser = Parser(boundary, limits.max_parts, limits.max_header_size)

    async def _event(self, parser: "Any") -> "Any":
        event = parser.next_event()
        while event is None:
            try:
                data = await self.request.stream.read(max(PIECE, FormDataIter.buffer_size))
            except EOFError:
                data = b""
            parser.feed(data)
            event = parser.next_event()
        return event

    async def _piece(self) -> bytes:
        # The next piece of the open part; b"" at its end, which closes it.
        parser, self._parser, self._open = self._parser, False, False
        number, self._number = self._number, 0
        kind, data = await self._event(parser)
        if kind == parser.DATA:
            self._size += len(data)
            self._total += len(data)
            most, limit = self._most
            if most is not None and self._size > most:
                raise self._too_large("part %d is" % number, limit, most)
            most = self._limits.max_total_size
            if most is not None and self._total > most:
                raise self._too_large("fields and files are", "max_total_size", most)
            self._open = True
        self._parser, self._number = parser, number
        return data  # type: ignore[no-any-return]

    async def _read(self, number: int, n: int) -> bytes:
        # Up to n bytes of the part of that number, for its FileUpload.
        if number != self._number:
            raise ValueError(
                "the file of part %d cannot be read any more: read, save() or copy() it before the "
                "form is read on" % number
            )
        if self._start >= len(self._data):
            if not self._open:
                return b""
            self._start = 0
            self._data = await self._piece()
        start = self._start
        self._start += n
        return self._data[start : start + n]

    def _too_large(self, what: str, name: str, most: int) -> HTTPException:
        return HTTPException(
            413, "Multipart form: %s larger than %s, %d bytes" % (what, name, most)
        )


async def run(f: "Any", request: "Any", args: "Any", kwargs: "Any") -> "Any":
    """Call the handler of ``with_form_data`` with the form in its request; return its result."""
    fields = []
    files: "list[tuple[str, FileUpload]]" = []
    try:
        form = Reader(request)
        async for name, value in FormDataIter(request, form):
            if isinstance(value, FileUpload):
                files.append((name, value))
                await value.copy(form._limits.max_memory_size)
            else:
                fields.append((name, value))
        if fields or files:
            request._form = Values(fields)
            request._files = Values(files)
            request._multipart = fields, files
        return await invoke_handler(f, request, *args, **kwargs)
    finally:
        for _, upload in files:
            upload.release()
