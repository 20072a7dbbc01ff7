"""Nodes, ports and schemes as proxies write them (RFC 7239 section 6), and lists of them."""

import re

from .addresses import parse_address

# One character is looked for, so no engine runs deep.
_bad_name = re.compile("[^-._0-9A-Za-z]").search


def elements(value: str) -> "list[str]":
    """Return the elements of a list without quoted strings; empty ones do not count (RFC 9110 5.6.1).

    :param value: the field, several lines joined by commas.
    """
    return [item.strip(" \t") for item in value.split(",") if item.strip(" \t")]


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
