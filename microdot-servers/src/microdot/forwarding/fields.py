"""The fields that proxies add: ``Forwarded`` (RFC 7239) and the ``X-Forwarded`` family."""

import re

from .addresses import parse_address

# RFC 9110 5.6.2 and 5.6.4: what may not stand in a token and in a quoted string; one
# character is looked for, so no engine runs deep.
_bad_token = re.compile("[^-!#$%&'*+.^_`|~0-9A-Za-z]").search
_bad_text = re.compile("[^\t -~\x80-\xff]").search
_bad_name = re.compile("[^-._0-9A-Za-z]").search
_bad_host = re.compile("[^-.:_~%0-9A-Za-z\\[\\]]").search
_bad_prefix = re.compile("[^-/._~%!$&'()*+;=:@0-9A-Za-z]").search


def elements(value: str) -> "list[str]":
    """Return the elements of a list without quoted strings; empty ones do not count (RFC 9110 5.6.1).

    :param value: the field, several lines joined by commas.
    """
    return [item.strip(" \t") for item in value.split(",") if item.strip(" \t")]


def parse_forwarded(value: str) -> "list[dict[str, str]]":
    """Return the elements of a ``Forwarded`` field: parameter in lower case -> value (RFC 7239 4).

    :param value: the field, several lines joined by commas.
    :raises ValueError: it is malformed, or an element has a parameter twice.
    """
    result = []
    element: "dict[str, str]" = {}
    position, size = 0, len(value)
    while True:
        while position < size and value[position] in " \t":
            position += 1
        if position < size and value[position] not in ",;":
            equals = value.find("=", position)
            name = value[position:equals].lower()
            if equals < 0 or not name or _bad_token(name) or name in element:
                raise ValueError
            element[name], position = _value(value, equals + 1)
            while position < size and value[position] in " \t":
                position += 1
        if position == size or value[position] == ",":
            if element:
                result.append(element)
                element = {}
            if position == size:
                return result
        elif value[position] != ";":
            raise ValueError
        position += 1


def _value(text: str, start: int) -> "tuple[str, int]":
    # A token or a quoted string (RFC 7239 4), and where it ends.
    size = len(text)
    end = start
    if text[start : start + 1] != '"':
        while end < size and text[end] not in " \t,;":
            end += 1
        token = text[start:end]
        if not token or _bad_token(token):
            raise ValueError
        return token, end
    out = []
    end += 1
    while end < size and text[end] != '"':
        if text[end] == "\\":
            end += 1
        out.append(text[end : end + 1])
        end += 1
    quoted = "".join(out)
    if end >= size or _bad_text(quoted):
        raise ValueError
    return quoted, end + 1


def parse_node(text: str, bare: bool = False) -> "tuple[str, int]":
    """Return a node as (host, port): an address, ``"unknown"`` or an obfuscated name (RFC 7239 6).

    The port is 0 where none is given, or where it is obfuscated.

    :param text: the node, such as ``192.0.2.43``, ``[2001:db8::17]:4711`` or ``_gazonk``.
    :param bare: IPv6 may stand without brackets, as ``X-Forwarded-For`` has it.
    :raises ValueError: it is malformed.
    """
    if "%" in text:  # a zone means nothing to another host (RFC 4007 section 6)
        raise ValueError
    if text[:1] == "[":
        host, bracket, rest = text[1:].partition("]")
        if not bracket or ":" not in host:
            raise ValueError
        port = rest[1:]
        if rest and (rest[0] != ":" or not port):
            raise ValueError
        parse_address(host)
    elif bare and text.find(":") != text.rfind(":"):
        host, port = text, ""
        parse_address(host)
    else:
        host, colon, port = text.partition(":")
        if colon and not port:
            raise ValueError
        if host[:1] == "_":
            if len(host) == 1 or _bad_name(host):
                raise ValueError
        elif host.lower() == "unknown":
            host = "unknown"
        else:
            parse_address(host)
    if port[:1] == "_":
        if len(port) == 1 or _bad_name(port):
            raise ValueError
        port = ""
    return host, parse_port(port) if port else 0


def parse_port(text: str) -> int:
    """Return a port, 0 to 65535.

    :raises ValueError: it is none.
    """
    if not 0 < len(text) < 6 or any([char not in "0123456789" for char in text]):
        raise ValueError
    port = int(text)
    if port > 65535:
        raise ValueError
    return port


def parse_scheme(text: str) -> str:
    """Return ``"http"`` or ``"https"``; ``ws`` and ``wss``, which some proxies send, mean the same.

    :raises ValueError: it is another scheme.
    """
    text = text.lower()
    text = {"ws": "http", "wss": "https"}.get(text, text)
    if text not in ("http", "https"):
        raise ValueError
    return text


def parse_host(text: str) -> str:
    """Return what may stand in a ``Host`` field (RFC 9110 7.2).

    :raises ValueError: it may not.
    """
    name, _ = split_port(text)
    if not name or _bad_host(text) or (":" in name and name[0] != "["):
        raise ValueError
    return text


def parse_prefix(text: str) -> str:
    """Return a path prefix without a slash at its end, ``""`` for the root.

    :raises ValueError: it does not begin with one slash, or is no path.
    """
    # Two slashes would make another host of a redirect.
    if text[:1] != "/" or "//" in text or _bad_prefix(text):
        raise ValueError
    return text[:-1] if text[-1] == "/" else text


def split_port(host: str) -> "tuple[str, str]":
    """Return name and port of a ``Host`` field; the port is ``""`` where there is none."""
    at = host.rfind(":")
    if at < 0 or at < host.rfind("]"):
        return host, ""
    return host[:at], host[at + 1 :]
