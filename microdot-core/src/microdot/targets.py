"""Request targets that are no plain path (RFC 9112 sections 3.2.2 to 3.2.4). Sans-IO."""

from .errors import ProtocolError
from .fields import bad_host, bad_target


def other_form(method: str, target: str) -> "tuple[str, str]":
    """Return (path, authority) of a target in absolute or asterisk form.

    :raises ProtocolError: 400, or 501 for CONNECT.
    """
    if method == "CONNECT":
        raise ProtocolError(501, "Not implemented")
    if target == "*" and method == "OPTIONS":
        return target, ""
    scheme, _, rest = target.partition("://")
    if scheme.lower() in ("http", "https") and not bad_target(target):
        end = len(rest)
        for mark in "/?":
            if 0 <= rest.find(mark) < end:
                end = rest.find(mark)
        if end and not bad_host(rest[:end]):
            path = rest[end:]
            return path if path[:1] == "/" else "/" + path, rest[:end]
    raise ProtocolError()
