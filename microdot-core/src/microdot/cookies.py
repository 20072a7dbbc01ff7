"""Cookies (RFC 6265): the strings of ``Set-Cookie``, and reading ``Cookie``."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_not_token = re.compile("[^-!#$%&'*+.^_`|~0-9A-Za-z]").search
# RFC 6265 4.1.1: cookie-octet; and what may stand in an attribute.
_not_octet = re.compile("[^!#-+./0-:<-Z\\[\\]^-~-]").search
_not_attribute = re.compile("[^ -:<-~]").search

#: The moment that makes a browser drop a cookie.
EXPIRED = "Thu, 01 Jan 1970 00:00:01 GMT"


def parse_cookies(header: str) -> "dict[str, str]":
    """Return the cookies of a ``Cookie`` header field, name to value.

    Quotes around a value are taken off. The first of two cookies with one
    name counts: browsers send the most specific path first (RFC 6265 5.4).
    """
    cookies: "dict[str, str]" = {}
    for item in header.split(";") if header else ():
        name, _, value = item.strip().partition("=")
        name = name.strip()
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        if name not in cookies:
            cookies[name] = value
    return cookies


def format_cookie(
    cookie: str,
    value: "Any",
    path: "str | None" = None,
    domain: "str | None" = None,
    expires: "Any" = None,
    max_age: "int | None" = None,
    secure: bool = False,
    http_only: bool = False,
    partitioned: bool = False,
    same_site: "str | None" = None,
) -> str:
    """Return the value of a ``Set-Cookie`` field; parameters as of ``Response.set_cookie``.

    :raises ValueError: a part has characters that RFC 6265 does not allow there.
    """
    value = str(value)
    if not cookie or _not_token(cookie):
        raise ValueError("bad cookie name: %r" % cookie)
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    if _not_octet(value[1:-1] if quoted else value):
        raise ValueError(
            "bad value of cookie %s: %r; encode it first, for example with urlencode()"
            % (cookie, value)
        )
    if expires is not None and not isinstance(expires, str):
        from .dates import http_date

        expires = http_date(expires)
    text: str = cookie + "=" + value
    attributes = (("Path", path), ("Domain", domain), ("Expires", expires), ("Max-Age", max_age))
    for name, attribute in attributes:
        if attribute or attribute == 0 and name == "Max-Age":
            if _not_attribute(str(attribute)):
                raise ValueError("bad %s of cookie %s: %r" % (name, cookie, attribute))
            text += "; %s=%s" % (name, attribute)
    if secure:
        text += "; Secure"
    if http_only:
        text += "; HttpOnly"
    if same_site:
        if same_site.lower() not in ("strict", "lax", "none"):
            raise ValueError("same_site must be 'Strict', 'Lax' or 'None', not %r" % same_site)
        text += "; SameSite=" + same_site[0].upper() + same_site[1:].lower()
    if partitioned:
        text += "; Partitioned"
    return text


def add_cookie(headers: "Any", text: str) -> None:
    """Append a ``Set-Cookie`` value to response headers that may have one, or a list of them."""
    old = headers.get("Set-Cookie")
    if old is None:
        headers["Set-Cookie"] = [text]
    elif isinstance(old, list):
        old.append(text)
    else:
        headers["Set-Cookie"] = [old, text]
