"""Hosts and path prefixes as proxies write them."""

import re

from .addresses import parse_address
from .nodes import parse_port

_bad_host = re.compile("[^-._~0-9A-Za-z]").search
_bad_prefix = re.compile("[^-/._~%!$&'()*+;=:@0-9A-Za-z]").search


def parse_host(text: str) -> str:
    """Return what may stand in a ``Host`` field (RFC 9110 7.2).

    :raises ValueError: it may not.
    """
    name, port = split_port(text)
    if text != name:
        parse_port(port)
    if name[:1] == "[":
        if name[-1] != "]" or ":" not in name or "%" in name:
            raise ValueError
        parse_address(name[1:-1])
    elif not name or _bad_host(name):
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
