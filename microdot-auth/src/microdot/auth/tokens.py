"""``TokenAuth``: bearer tokens (RFC 6750), and tokens in a header field of their own."""

from microdot.errors import HTTPException

from .base import BaseAuth
from .challenges import check_token, parameters_of, quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TokenAuth(BaseAuth):
    """Token authentication: ``auth = TokenAuth()``, then ``@auth`` at the endpoints.

    The function that verifies is called as ``f(request, token)``.

    :param args: the options in the order below; an application may come first.
    :param options: those of

                    - ``header``: the header field that carries the token, ``"Authorization"`` by
                      default; of another field the whole value is the token
                    - ``scheme``: the scheme in the Authorization field, ``"Bearer"`` by default
                    - ``error_status``: the status of the response to a refused request, 401 by
                      default
                    - ``realm``: what is protected, for the challenge; ``"Restricted"`` by default
    :raises TypeError: there is no such option.
    :raises ValueError: an option has a value that cannot be.
    """

    options = ("header", "scheme", "error_status", "realm")
    header = "Authorization"
    scheme = "Bearer"
    error_status = 401
    realm = "Restricted"

    def __init__(self, *args: "Any", **options: "Any") -> None:
        super().__init__(*args, **options)
        check_token(self.header, "header")
        check_token(self.scheme, "scheme")
        quoted(self.realm, "realm")
        # As it was written: that is how clients know it.
        self._spelling = self.scheme
        self.scheme = self.scheme.lower()

    def credentials(self, request: "Any") -> "tuple[str] | None":
        """Return (token,) of a request, None when it has none.

        :param request: the request.
        """
        if self.header.lower() == "authorization":
            token = parameters_of(request, self.scheme)
        else:
            # Caches know that Authorization is personal (RFC 9111 section 3.5), but not this.
            request.vary(self.header)
            token = request.headers.get(self.header, "").strip()
        return (token,) if token else None

    def challenge(self, request: "Any") -> str:
        """Return the value of ``WWW-Authenticate`` (RFC 6750 section 3).

        For a header field of its own there is no registered scheme; its name stands for one.

        :param request: the request that is refused.
        """
        realm = " realm=" + quoted(self.realm, "realm")
        if self.header.lower() != "authorization":
            return self.header + realm
        text = self._spelling + realm
        if self.scheme == "bearer" and self.error_status == 401 and self.credentials(request):
            text += ', error="invalid_token"'
        return text

    async def authentication_error(self, request: "Any") -> "Any":
        """Refuse a request as ``abort()`` does, so that error handlers for the status apply.

        :param request: the request.
        :raises HTTPException: always.
        """
        headers = {"WWW-Authenticate": self.challenge(request)}
        raise HTTPException(self.error_status, headers=headers)
