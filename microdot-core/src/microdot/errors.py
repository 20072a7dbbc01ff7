"""The exceptions of the framework.

::

    Exception
    +-- HTTPException          an HTTP error response; abort() raises it
    |   +-- ProtocolError      a peer sent something that is no valid request
    +-- PluginError            a plugin that cannot be used (in microdot.hooks)
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class HTTPException(Exception):
    """An HTTP error that is to become a response.

    :param status_code: the HTTP status code, 400 to 599 as a rule.
    :param reason: the text of the response body, ``"<code> error"`` if omitted.
    :param headers: header fields that the default response carries, for
                    example ``Allow`` for a 405.
    """

    def __init__(
        self, status_code: int, reason: "Any" = None, headers: "dict[str, Any] | None" = None
    ) -> None:
        self.status_code = status_code
        self.reason = reason or str(status_code) + " error"
        self.headers = headers
        super().__init__(self.reason)

    def __repr__(self) -> str:
        return "HTTPException: " + str(self.status_code)


class ProtocolError(HTTPException):
    """The peer broke the protocol: answer ``status_code``, then close."""

    def __init__(self, status_code: int = 400, reason: str = "Bad request") -> None:
        super().__init__(status_code, reason)
