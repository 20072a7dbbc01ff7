"""The cases of ``http11.py``: what is asked, what must come back, what is aimed at."""

from __future__ import annotations

import json
from typing import NamedTuple

#: Routes of the case ``params``; the one that is asked for is the last of them.
ROUTES = 50
FILE_SIZE = 100 * 1024
TEXT = "Hello, World!"
RECORDS = [{"id": n, "name": "sensor-%02d" % n, "value": n * 1.5, "ok": True} for n in range(17)]
DOCUMENT = {"records": RECORDS}
BODY = b"0123456789abcdef" * 64


class Case(NamedTuple):
    """One case.

    :param path: the path that is asked for.
    :param answer: the body that must come back.
    :param aim: the most that ours may cost, as a multiple of the bare protocol class; or None.
    :param requests: how many make up one round.
    :param body: the body to send; none makes it a GET request.
    :param close: one connection for each request.
    """

    path: str
    answer: bytes
    aim: float | None
    requests: int
    body: bytes = b""
    close: bool = False

    def is_answer(self, body: bytes) -> bool:
        """Tell whether a body is the answer; JSON may be spaced in any way."""
        if self.path == "/json":
            return bool(json.loads(body) == DOCUMENT)
        return body == self.answer


CASES = {
    "hello": Case("/", TEXT.encode(), 2.0, 6000),
    "params": Case("/users/1234/posts/on-small-servers", b"1234 on-small-servers", 2.7, 6000),
    "closed": Case("/", TEXT.encode(), 1.4, 2000, close=True),
    "file": Case("/file", BODY * (FILE_SIZE // len(BODY)), 2.0, 2000),
    "json": Case("/json", json.dumps(DOCUMENT).encode(), None, 6000),
    "post": Case("/echo", BODY, None, 6000, body=BODY),
}
