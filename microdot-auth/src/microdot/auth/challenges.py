"""The texts of ``WWW-Authenticate`` and of ``Authorization`` (RFC 9110 section 11). No IO here."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def quoted(text: str, what: str) -> str:
    """Return text as a quoted-string (RFC 9110 section 5.6.4).

    :param text: the text.
    :param what: what it is, for the error message.
    :raises ValueError: it is no text, or has characters that a header field cannot carry.
    """
    if not isinstance(text, str) or any([not " " <= c <= "\xff" or "~" < c < "\xa0" for c in text]):
        raise ValueError(
            "%s=%r cannot be sent; give text without control characters, of Latin-1" % (what, text)
        )
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def check_token(text: "Any", what: str) -> None:
    """Refuse what is no token (RFC 9110 section 5.6.2), as schemes and field names are.

    :param text: the text.
    :param what: what it is, for the error message.
    :raises ValueError: it is no text, empty, or has characters that a token cannot have.
    """
    allowed = "!#$%&'*+-.^_`|~"
    if (
        not isinstance(text, str)
        or not text
        or any([not ("0" <= c <= "9" or "a" <= c.lower() <= "z" or c in allowed) for c in text])
    ):
        raise ValueError("%s=%r cannot be sent; give a name of letters and digits" % (what, text))


def parameters_of(request: "Any", scheme: str) -> "str | None":
    """Return what follows the scheme in the Authorization field, None when there is nothing.

    :param request: the request.
    :param scheme: the scheme; its case does not matter.
    """
    name, _, value = request.headers.get("Authorization", "").strip().partition(" ")
    return value.strip() or None if name.lower() == scheme.lower() else None
