"""``Response``: what goes back to the client."""

import json

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


if TYPE_CHECKING or CPYTHON:
    from .response_extra import TYPES_MAP
    from .response_extra import Members as Extra
else:
    from ._compat import Lazy as Extra

    TYPES_MAP = {}  # microdot.files knows them, too


class Response(Extra):
    """An HTTP response.

    :param body: text, bytes, a dictionary or list for JSON, a file-like object,
                 an iterator or asynchronous iterator of text or bytes, or None.
    :param status_code: the status code.
    :param headers: a mapping of header fields; a list as value gives one line for each element.
    :param reason: the reason phrase, None for the standard one.
    """

    _extra = "microdot.response_extra"

    #: File extension -> media type; looked up before the larger map of ``microdot.files``.
    types_map: "dict[str, str]" = TYPES_MAP
    #: Bytes read from a file at a time.
    send_file_buffer_size = 1024
    #: The Content-Type of responses that do not set one.
    default_content_type = "text/plain"
    #: The ``max_age`` of ``send_file`` calls that do not give one, in seconds.
    default_send_file_max_age: "int | None" = None
    #: What a handler returns when it has answered on the connection itself.
    already_handled: "Response"

    #: Send the headers only.
    is_head = False
    # What send_file() knows about the file, for conditional requests and ranges: its name, an
    # extension, whether its type was guessed, the headers.
    _file: "Any" = None
    _headers: "Any" = None
    _reason: "str | None" = None

    def __init__(
        self,
        body: "Any" = b"",
        status_code: int = 200,
        headers: "Any" = None,
        reason: "str | None" = None,
    ) -> None:
        if body is None and status_code == 200:
            body = b""
            status_code = 204
        self.status_code = status_code
        if headers:
            self.headers = headers
        if isinstance(body, str):
            body = body.encode()
        elif isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            if self._headers is None or "Content-Type" not in self._headers:
                self.headers["Content-Type"] = "application/json; charset=UTF-8"
        self.body = body
        if reason is not None:
            self._reason = reason

    @property
    def headers(self) -> "Any":
        """The header fields, a ``NoCaseDict``."""
        if self._headers is None:
            from microdot.datastructures import NoCaseDict

            self._headers = NoCaseDict(self._file and self._file[3])
        return self._headers

    @headers.setter
    def headers(self, value: "Any") -> None:
        from microdot.datastructures import NoCaseDict

        self._headers = NoCaseDict(value)

    def content_type(self) -> str:
        """Return the default Content-Type with its charset."""
        default = self.default_content_type
        return default if "charset=" in default else default + "; charset=UTF-8"

    @classmethod
    def redirect(cls, location: str, status_code: int = 302) -> "Response":
        """Return a redirect.

        :param location: the URL to go to; what is not allowed in a URL is percent-encoded.
        :param status_code: a status code from 300 to 399.
        :raises ValueError: line breaks in the location, or another status code.
        """
        from .automatic import checked_location

        return cls(
            status_code=status_code, headers={"Location": checked_location(location, status_code)}
        )

    @classmethod
    def send_file(
        cls,
        filename: str,
        status_code: int = 200,
        content_type: "str | None" = None,
        stream: "Any" = None,
        max_age: "int | None" = None,
        compressed: "bool | str" = False,
        file_extension: str = "",
    ) -> "Response":
        """Return a response with the contents of a file.

        The name is trusted; use ``app.static()`` for names that clients choose.

        :param filename: the path of the file.
        :param status_code: the status code.
        :param content_type: the media type; found by the extension if omitted.
        :param stream: a file-like object to send in place of the named file.
        :param max_age: seconds that caches may keep it.
        :param compressed: the file is compressed: True for gzip, or the name of the coding.
        :param file_extension: appended to the name to open, not for the media type.
        :raises HTTPException: 404 without the file, 403 without permission to read it.
        """
        from microdot.files import file_response

        response: "Response" = file_response(
            cls, filename, status_code, content_type, stream, max_age, compressed, file_extension
        )
        return response


Response.already_handled = Response()
