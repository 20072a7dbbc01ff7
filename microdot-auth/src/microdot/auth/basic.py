"""``BasicAuth``: user names and passwords in every request (RFC 7617)."""

import binascii

from microdot.helpers import lenient_utf8

from .base import BaseAuth
from .challenges import check_token, parameters_of, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class BasicAuth(BaseAuth):
    """Basic authentication: ``auth = BasicAuth()``, then ``@auth`` at the endpoints.

    The function that verifies is called as ``f(request, username, password)``.

    :param args: the options in the order below; an application may come first.
    :param options: those of

                    - ``realm``: what the browser shows when it asks; ``"Please login"`` by default
                    - ``charset``: how clients are to encode names and passwords: ``"UTF-8"``, the
                      only one there is (RFC 7617 section 2.1), or None to say nothing
                    - ``scheme``: the name of the scheme, ``"Basic"`` by default; with another one
                      browsers do not ask, and clients have to use it, too
                    - ``error_status``: the status of the response to a refused request, 401 by
                      default
    :raises TypeError: there is no such option.
    :raises ValueError: an option has a value that cannot be.
    """

    options = ("realm", "charset", "scheme", "error_status")
    realm = "Please login"
    charset: "str | None" = "UTF-8"
    scheme = "Basic"
    error_status = 401

    def __init__(self, *args: "Any", **options: "Any") -> None:
        super().__init__(*args, **options)
        self.challenge()

    def challenge(self) -> str:
        """Return the value of ``WWW-Authenticate``.

        :raises ValueError: an option has a value that cannot be.
        """
        check_token(self.scheme, "scheme")
        text = self.scheme + " realm=" + quoted(self.realm, "realm")
        if self.charset:
            if self.charset.lower() != "utf-8":
                raise ValueError(
                    "charset=%r cannot be; Basic authentication has 'UTF-8', or None to say nothing"
                    % self.charset
                )
            text += ', charset="%s"' % self.charset
        return text

    def credentials(self, request: "Any") -> "tuple[str, str] | None":
        """Return (user name, password) of a request, None when they are missing or malformed.

        :param request: the request.
        """
        value = parameters_of(request, self.scheme)
        if value is None:
            return None
        token = value.encode()
        try:
            data = binascii.a2b_base64(token)
            # Decoders pass over what does not belong there.
            if binascii.b2a_base64(data)[:-1] != token:
                return None
        except ValueError:
            return None
        # Strict: what was invalid is different afterwards. A board's own decoder takes some of it.
        text = lenient_utf8(data)
        # RFC 7617 section 2: no control characters.
        if text.encode() != data or any([c < " " or c == "\x7f" for c in text]):
            return None
        name, colon, password = text.partition(":")
        return (name, password) if colon else None

    async def authentication_error(self, request: "Any") -> "Any":
        """Return the response to a refused request: empty, with the challenge.

        :param request: the request.
        """
        return "", self.error_status, {"WWW-Authenticate": self.challenge()}
