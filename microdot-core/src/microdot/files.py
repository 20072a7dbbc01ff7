"""Files as responses: types, validators, ranges, negotiated encodings (RFC 9110 sections 8, 12 to 14)."""

import os
from errno import EACCES, EPERM

from ._compat import CPYTHON
from .date_parser import parse_http_date
from .dates import http_date
from .errors import HTTPException
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: More file extensions, as "ext type" pairs; ``Response.types_map`` comes first.
_TYPES = (
    " css text/css gif image/gif html text/html jpg image/jpeg js application/javascript"
    " json application/json png image/png txt text/plain svg image/svg+xml"
    " jpeg image/jpeg htm text/html mjs text/javascript map application/json ico image/x-icon"
    " webp image/webp avif image/avif woff font/woff woff2 font/woff2 ttf font/ttf otf font/otf"
    " pdf application/pdf xml application/xml csv text/csv md text/markdown wasm application/wasm"
    " webmanifest application/manifest+json mp3 audio/mpeg mp4 video/mp4 webm video/webm"
    " ogg audio/ogg wav audio/wav zip application/zip gz application/gzip py text/x-python "
)

#: The file type of a folder, in ``st_mode``.
DIRECTORY = 0x4000


def media_type(name: str) -> str:
    """Return the media type for a file name, ``application/octet-stream`` for an unknown one."""
    ext = name.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    if ext in Response.types_map:
        return Response.types_map[ext]
    start = _TYPES.find(" " + ext + " ")
    if start < 0 or not ext or "/" in ext:
        return "application/octet-stream"
    start += len(ext) + 2
    return _TYPES[start : _TYPES.find(" ", start)]


if TYPE_CHECKING or CPYTHON:
    from .cpython.files import FastFile as File
else:

    class File:  # type: ignore[no-redef]
        """An open file as a response body.

        :param path: the path.
        :raises HTTPException: 404 without such a file, 403 without permission to read it.
        """

        def __init__(self, path: str) -> None:
            try:
                status = os.stat(path)
                if status[0] & 0xF000 == DIRECTORY:
                    raise HTTPException(404, "Not found")
                self._file = open(path, "rb")  # noqa: SIM115  (closed with the response)
            except (OSError, ValueError) as error:
                if isinstance(error, OSError) and error.args and error.args[0] in (EACCES, EPERM):
                    raise HTTPException(403, "Forbidden")
                raise HTTPException(404, "Not found")
            #: Bytes in the file, and when it was changed, in seconds since the epoch.
            self.size: int = status[6]
            self.mtime: int = int(status[8])
            self._left = self.size

        def limit(self, start: int, size: int) -> None:
            """Send ``size`` bytes from ``start`` on."""
            self._file.seek(start)
            self._left = size

        def read(self, n: int = -1) -> bytes:
            """Return up to ``n`` bytes, all of the rest for -1."""
            if n < 0 or n > self._left:
                n = self._left
            data = self._file.read(n)
            self._left -= len(data)
            return data

        def close(self) -> None:
            """Close the file."""
            self._file.close()


def file_response(
    cls: "Any",
    filename: str,
    status_code: int,
    content_type: "str | None",
    stream: "Any",
    max_age: "int | None",
    compressed: "bool | str",
    file_extension: str,
) -> "Any":
    """Return a response with a file; see ``Response.send_file``."""
    headers: "dict[str, Any]" = {}
    guessed = content_type is None
    if content_type is None:
        named = filename[:-3] if compressed and filename[-3:] == ".gz" else filename
        content_type = media_type(named)
    headers["Content-Type"] = content_type
    if compressed:
        headers["Content-Encoding"] = compressed if isinstance(compressed, str) else "gzip"
    if max_age is None:
        max_age = cls.default_send_file_max_age
    if max_age is not None:
        headers["Cache-Control"] = "max-age=%d" % max_age
    body = stream or File(filename + file_extension)
    if stream is not None:
        return cls(body, status_code, headers)
    response = cls(body, status_code)
    # What conditional() needs once the request is known; the headers become a dictionary when
    # somebody asks for them.
    response._file = (filename, file_extension, guessed, headers)
    return response


def accepted(header: str, coding: str) -> bool:
    """Tell whether an ``Accept-Encoding`` field accepts a content coding (RFC 9110 12.5.3)."""
    wildcard = False
    for item in header.lower().split(","):
        name, _, parameters = item.partition(";")
        name = name.strip()
        weight = parameters.strip().replace(" ", "")
        refused = weight[:2] == "q=" and not weight[2:].strip("0.")
        if name == coding or name == "x-gzip" and coding == "gzip":
            return not refused
        if name == "*":
            wildcard = not refused
    return wildcard


def conditional(request: "Any", response: Response) -> Response:
    """Add validators to a file response, and answer conditional and range requests.

    RFC 9110 section 13.2.2 gives the order in which the conditions count.

    :param request: the request.
    :param response: a response made by ``send_file``.
    """
    filename, extension, guessed, _ = response._file
    body: "Any" = response.body
    if not isinstance(body, File):
        # A handler or hook put something else in its place.
        return response
    untouched = response._headers is None and not extension and not _has_conditions(request)
    connection = request._connection
    if untouched and connection is not None and connection.has_ready(request, response):
        return response
    headers = response.headers
    coding = headers.get("Content-Encoding")
    if coding and extension:
        # The uncompressed file may lie beside the compressed one.
        from .automatic import merge_vary

        merge_vary(response, ["Accept-Encoding"])
        if not accepted(request.headers.get("Accept-Encoding", ""), coding):
            try:
                plain = File(filename)
            except HTTPException:
                pass
            else:
                body.close()
                response.body = body = plain
                coding = None
                del headers["Content-Encoding"]
    kind = headers.get("Content-Type", "")
    if guessed and "charset" not in kind and (kind[:5] == "text/" or kind[-10:] == "javascript"):
        headers["Content-Type"] = kind + "; charset=UTF-8"
    headers["Content-Length"] = str(body.size)
    if response.status_code != 200 or request.method not in ("GET", "HEAD"):
        return response
    etag = headers.setdefault(
        "ETag", '"%x-%x%s"' % (body.mtime, body.size, "-" + coding if coding else "")
    )
    modified = headers.get("Last-Modified")
    if modified is None:
        headers["Last-Modified"] = modified = _last_modified(body.mtime)
    headers["Accept-Ranges"] = "bytes"
    if untouched or not _has_conditions(request):
        return response
    status = _precondition(request.headers, etag, modified)
    if status:
        body.close()
        response.body = b""
        response.status_code = status
        for name in ("Content-Length", "Content-Type", "Content-Encoding", "Accept-Ranges"):
            headers.pop(name, None)
    elif request.method == "GET" and "Range" in request.headers:
        _apply_range(request, response, body, etag, modified)
    return response


#: (seconds, text) of the last date that was formatted.
_formatted = (0, "")


def _last_modified(mtime: int) -> str:
    # Busy files come again and again.
    global _formatted
    if _formatted[0] != mtime:
        _formatted = (mtime, http_date(mtime))
    return _formatted[1]


def _has_conditions(request: "Any") -> bool:
    # Most requests have none, and need no dictionary of their headers for that.
    fields = request._fields
    for pair in fields if isinstance(fields, list) else request.headers.items():
        name = pair[0].lower()
        if name[:3] == "if-" or name == "range":
            return True
    return False


def _precondition(fields: "Any", etag: str, modified: str) -> int:
    # The status to answer with, 0 to go on.
    def matches(header: str, weak: bool) -> bool:
        for item in header.split(","):
            item = item.strip()
            if item == "*" or item == etag or weak and item[:2] == "W/" and item[2:] == etag:
                return True
        return False

    def date_after(limit: "Any") -> bool:
        # Whether the file was changed after the date; False for what is no date.
        date, limit = parse_http_date(modified), parse_http_date(limit)
        return date is not None and limit is not None and date > limit

    if "If-Match" in fields:
        if not matches(fields["If-Match"], False):
            return 412
    elif "If-Unmodified-Since" in fields:
        if date_after(fields["If-Unmodified-Since"]):
            return 412
    if "If-None-Match" in fields:
        return 304 if matches(fields["If-None-Match"], True) else 0
    if "If-Modified-Since" in fields:
        since = fields["If-Modified-Since"]
        if parse_http_date(since) is not None and not date_after(since):
            return 304
    return 0


def _apply_range(request: "Any", response: Response, body: "Any", etag: str, modified: str) -> None:
    # One range; anything else is ignored, as RFC 9110 14.2 allows.
    condition = request.headers.get("If-Range")
    if condition is not None and condition.strip() not in (etag, modified):
        return
    unit, _, spec = request.headers["Range"].partition("=")
    first, dash, last = spec.strip().partition("-")
    if unit.strip().lower() != "bytes" or not dash or "," in spec:
        return
    for number in (first, last):
        if number and not (number.isdigit() and len(number) < 16):
            return
    size = body.size
    if first:
        start = int(first)
        end = min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return
    elif last:
        start = max(size - int(last), 0)
        end = size - 1 if int(last) else -1
    else:
        return
    headers = response.headers
    if start >= size or end < start:
        body.close()
        response.body = b""
        response.status_code = 416
        headers["Content-Range"] = "bytes */%d" % size
        headers["Content-Length"] = "0"
        return
    body.limit(start, end - start + 1)
    response.status_code = 206
    headers["Content-Range"] = "bytes %d-%d/%d" % (start, end, size)
    headers["Content-Length"] = str(end - start + 1)
