"""Requests as the test client sends them, and its cookie jar (RFC 6265)."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def encode_request(
    method: str,
    path: str,
    headers: "dict[str, Any] | None",
    body: "Any",
    host: str,
    jar: "dict[str, Any]",
) -> bytes:
    """Return a request as bytes.

    :param method: the method.
    :param path: the path, with the query string.
    :param headers: header fields.
    :param body: text, bytes, or a dictionary or list to be sent as JSON.
    :param host: the ``Host`` field, unless the header fields have one.
    :param jar: the cookies: name to value, or to (value, path).
    """
    fields = [(name, str(value).strip()) for name, value in (headers or {}).items()]
    names = [name.lower() for name, _ in fields]
    if body is None:
        body = b""
    elif isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        if "content-type" not in names:
            fields.append(("Content-Type", "application/json"))
    elif isinstance(body, str):
        body = body.encode()
    if body and "content-length" not in names and "transfer-encoding" not in names:
        fields.append(("Content-Length", str(len(body))))
    if "host" not in names:
        fields.append(("Host", host))
    cookies = [value for name, value in fields if name.lower() == "cookie"]
    fields = [pair for pair in fields if pair[0].lower() != "cookie"]
    for name, value in jar.items():
        scope = "/"
        if isinstance(value, tuple):
            value, scope = value
        if path_matches(path.split("?")[0], scope):
            cookies.append("%s=%s" % (name, value))
    if cookies:
        fields.append(("Cookie", "; ".join(cookies)))
    version = "1.1" if "transfer-encoding" in names or "upgrade" in names else "1.0"
    lines = ["%s %s HTTP/%s" % (method, path, version)]
    lines += ["%s: %s" % pair for pair in fields]
    return "\r\n".join(lines + ["", ""]).encode() + body  # type: ignore[no-any-return]


def update_jar(jar: "dict[str, Any]", lines: "Any") -> None:
    """Bring a jar up to date with the cookies of a response.

    :param jar: name to value, or to (value, path) for a path other than ``/``.
    :param lines: the values of the ``Set-Cookie`` fields.
    """
    for cookie in lines:
        pair, _, rest = cookie.partition(";")
        name, _, value = pair.partition("=")
        name = name.strip()
        path = "/"
        delete = False
        for option in rest.split(";"):
            key, _, text = option.strip().partition("=")
            key = key.lower()
            if key == "path" and text:
                path = text
            elif key == "max-age":
                delete = delete or text[:1] == "-" or text == "0"
            elif key == "expires":
                delete = delete or "01 Jan 1970" in text
        if not delete:
            jar[name] = value if path == "/" else (value, path)
        elif name in jar:
            stored = jar[name]
            if path == (stored[1] if isinstance(stored, tuple) else "/"):
                del jar[name]


def path_matches(path: str, scope: str) -> bool:
    """Tell whether a cookie of path ``scope`` is sent to ``path`` (RFC 6265 5.1.4)."""
    if path[: len(scope)] != scope:
        return False
    return scope[-1:] == "/" or path[len(scope) : len(scope) + 1] in ("", "/")
