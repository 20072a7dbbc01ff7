"""Percent coding and query strings (RFC 3986 section 2, WHATWG URL section 5). Pure functions."""

from ._utf8 import utf8
from .datastructures import MultiDict

#: What urlencode() leaves as it is: RFC 3986 unreserved characters, and the
#: reserved ones that have no meaning inside a query value.
_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/:;,@!$()*"


def urlencode(s: "str | bytes") -> str:
    """Return ``s`` encoded for use in a query string: UTF-8, space as ``+``.

    :param s: the text, or bytes to be encoded as they are.
    """
    data = s.encode() if isinstance(s, str) else s
    out = []
    for byte in data:
        if byte in _SAFE:
            out.append(chr(byte))
        elif byte == 32:
            out.append("+")
        else:
            out.append("%%%02X" % byte)
    return "".join(out)


def _hex(byte: int) -> int:
    if 48 <= byte <= 57:
        return byte - 48
    byte |= 32
    return byte - 87 if 97 <= byte <= 102 else -1


def unquote(s: "str | bytes") -> str:
    """Return ``s`` with its percent escapes decoded; ``+`` stays.

    An escape without two hexadecimal digits stays as it is. Bytes that are
    not UTF-8 become U+FFFD.

    :param s: the text, or its bytes.
    """
    if "%" not in s if isinstance(s, str) else b"%" not in s:
        return s if isinstance(s, str) else utf8(s)
    data = s.encode() if isinstance(s, str) else s
    parts = data.split(b"%")
    out = bytearray(parts[0])
    for part in parts[1:]:
        if len(part) > 1:
            high, low = _hex(part[0]), _hex(part[1])
            if high >= 0 and low >= 0:
                out.append(high * 16 + low)
                out.extend(part[2:])
                continue
        out.append(37)
        out.extend(part)
    return utf8(bytes(out))


def urldecode(s: "str | bytes") -> str:
    """Return ``s`` decoded as a query component: ``+`` is a space, escapes are UTF-8.

    :param s: the text, or its bytes.
    """
    return unquote(s.replace("+", " ") if isinstance(s, str) else s.replace(b"+", b" "))


def parse_query(s: "str | bytes") -> "MultiDict":
    """Return the pairs of a query string or url-encoded form as a ``MultiDict`` of text.

    :param s: ``"a=1&b=2"``; an item without ``=`` has the value ``""``.
    """
    if not isinstance(s, str):
        # Escapes stay ASCII; anything else in a form body is UTF-8 text.
        s = utf8(s)
    data = MultiDict()
    for item in s.split("&"):
        if item:
            name, _, value = item.partition("=")
            data[urldecode(name)] = urldecode(value)
    return data
