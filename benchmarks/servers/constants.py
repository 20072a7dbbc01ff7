"""What the bare contestants answer."""

from __future__ import annotations

from cases import CASES

__all__ = ["CASES", "response"]

_TYPES = {"file": "text/plain", "json": "application/json", "post": "application/octet-stream"}


def response(case: str) -> tuple[bytes, bool]:
    """Return the response of a case as bytes, and whether the connection is closed after it."""
    answer = CASES[case].answer
    close = CASES[case].close
    head = "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n" % (
        _TYPES.get(case, "text/plain; charset=UTF-8"),
        len(answer),
        "Connection: close\r\n" if close else "",
    )
    return head.encode() + answer, close
