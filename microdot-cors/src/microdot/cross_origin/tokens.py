"""Signed tokens that a request has to bring twice, in a cookie and by itself ("double submit")."""

import os
from binascii import hexlify

from microdot.digests import hmac_sha256, same_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class Tokens:
    """Makes, signs and checks tokens.

    A token is random; its signature is over the random part and the text it is bound to.

    :param secret_key: text or bytes.
    :param bind: a function that is given the request and returns text; None to bind to nothing.
    :raises ValueError: the key is empty.
    """

    #: Where tokens are looked for: the cookie, the header field, the field of a form.
    COOKIE = "csrf_token"
    HEADER = "X-CSRF-Token"
    FIELD = "csrf_token"

    def __init__(
        self, secret_key: "str | bytes", bind: "Callable[[Any], str] | None" = None
    ) -> None:
        if not secret_key:
            from microdot.cross_origin.mistakes import no_key

            raise no_key()
        self._key = secret_key.encode() if isinstance(secret_key, str) else secret_key
        self._bind = bind

    def give(self, request: "Any") -> str:
        """Return the token of a client: the one that its cookie has, else a new one.

        :param request: the request.
        :raises TypeError: the ``bind`` function returned something else than text.
        """
        request.vary("Cookie")
        token: "str | None" = getattr(request.g, "_csrf_token", None)
        if token is None:
            token = request.cookies.get(self.COOKIE)
            if token is None or not self._genuine(token, request):
                nonce = hexlify(os.urandom(16)).decode()
                token = nonce + "." + self._sign(nonce, request)
                request.g._csrf_new = True
            request.g._csrf_token = token
        return token

    def check(self, request: "Any") -> bool:
        """Tell whether a request brings the token of its cookie.

        :param request: the request.
        :raises HTTPException: 413 for a form that was too long to be read.
        :raises TypeError: the ``bind`` function returned something else than text.
        """
        request.vary("Cookie", self.HEADER)
        cookie = request.cookies.get(self.COOKIE)
        if not cookie or not self._genuine(cookie, request):
            return False
        token = request.headers.get(self.HEADER)
        if token is None:
            form = request.form
            token = form.get(self.FIELD) if form else None
        return same_secret(token, cookie)

    def microdot_response(self, app: "Any", request: "Any", response: "Any") -> None:
        """Set the cookie of a token that was made for this response."""
        if request is not None and getattr(request.g, "_csrf_new", False):
            response.set_cookie(
                self.COOKIE,
                request.g._csrf_token,
                path="/",
                secure=request.scheme == "https",
                same_site="Lax",
            )

    def _sign(self, nonce: str, request: "Any") -> str:
        bound = self._bind(request) if self._bind is not None else ""
        if not isinstance(bound, str):
            from microdot.cross_origin.mistakes import no_text

            raise no_text(bound)
        message = "csrf." + nonce + "." + bound
        return hexlify(hmac_sha256(self._key, message.encode())).decode()

    def _genuine(self, token: str, request: "Any") -> bool:
        nonce, _, signature = token.partition(".")
        return same_secret(signature, self._sign(nonce, request))


def initialize(csrf: "Any", secret_key: "str | bytes", bind: "Callable[[Any], str] | None") -> None:
    """Have a ``CSRF`` object use tokens.

    :param csrf: the object.
    :param secret_key: see ``Tokens``.
    :param bind: see ``Tokens``.
    :raises ValueError: the key is empty.
    """
    csrf.tokens = Tokens(secret_key, bind)
    # A hook of this instance: without tokens, responses cost nothing.
    csrf.microdot_response = csrf.tokens.microdot_response


def token(csrf: "Any", request: "Any") -> str:
    """Return the token of a client; see ``CSRF.token``.

    :param csrf: the ``CSRF`` object.
    :param request: the request.
    :raises RuntimeError: there is no secret key.
    """
    if csrf.tokens is None:
        from microdot.cross_origin.mistakes import no_tokens

        raise no_tokens()
    return csrf.tokens.give(request)  # type: ignore[no-any-return]
