"""The session cookie: what is read from it, and what is written."""

from .tokens import now, pack, sign_claims, unpack, verify_claims

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .data import SessionDict
    from .plugin import Session

#: Bytes of a cookie, its name and attributes included, that every browser keeps (RFC 6265
#: section 6.1).
MAX_COOKIE = 4096


def purpose(session: "Session") -> str:
    """Return what the tokens of a ``Session`` are for; those of ``session`` are as in Microdot 2.x."""
    return "" if session.cookie_name == "session" else "cookie " + session.cookie_name


def read(session: "Session", data: "SessionDict") -> "dict[str, Any]":
    """Return what the cookie of a request says, ``{}`` when it is not valid.

    In its second half of time, a session that counts from its last use is written again.

    :param session: the plugin.
    :param data: the session of the request; the time that it began is set.
    """
    token = data.request.cookies.get(session.cookie_name)
    claims = None
    if token:
        use = purpose(session) if session.store is None else "session id " + session.cookie_name
        claims = verify_claims(token, session.secret_key, use)
    if claims is None:
        return {}
    payload, start, end = unpack(claims)
    if start is None or end is None:
        return {} if session.timed else payload
    time = now()
    # A board whose clock was not set yet may be behind.
    data.start = min(start, time)
    if not session.sliding and time >= data.start + session.max_age:
        data.start = None
        return {}
    if session.sliding and (end - time) * 2 < session.max_age:
        write(session, data, payload)
    return payload


def write(session: "Session", data: "SessionDict", payload: "dict[str, Any]") -> None:
    """Sign a cookie, to be sent with the response.

    :param session: the plugin.
    :param data: the session of the request.
    :param payload: what the cookie is to say.
    :raises ValueError: it is larger than browsers keep.
    """
    from microdot import Response

    time = now()
    if data.start is None:
        data.start = time
    data.end = (time if session.sliding else data.start) + session.max_age
    use = purpose(session) if session.store is None else "session id " + session.cookie_name
    token = sign_claims(pack(payload, data.start, data.end), session.secret_key, use)
    old, data.pending = data.pending, token
    response = Response()
    put(session, data, response)
    size = len(response.headers["Set-Cookie"][0])
    if size > MAX_COOKIE:
        data.pending = old
        raise ValueError(
            "the session is a cookie of %d bytes, and browsers keep %d (RFC 6265 section 6.1); put "
            "less into it, or keep sessions on the server with Session(store=MemoryStore())"
            % (size, MAX_COOKIE)
        )
    queue(data, token)


def queue(data: "SessionDict", token: str) -> None:
    """Let the response bring a cookie; the last one that is queued.

    :param data: the session of the request.
    :param token: its value, "" to delete it.
    """
    data.pending = token
    if not data.queued:
        data.queued = True
        data.request.after_request(data.write)


def put(session: "Session", data: "SessionDict", response: "Any") -> None:
    """Add the cookie that is queued to a response.

    :param session: the plugin.
    :param data: the session of the request.
    :param response: the response.
    """
    options = dict(session.cookie_options)
    if "secure" not in options:
        options["secure"] = data.request.scheme == "https"
    if not data.pending:
        response.delete_cookie(session.cookie_name, **options)
        return
    if session.timed and "max_age" not in options:
        options["max_age"] = data.end - now()
    response.set_cookie(session.cookie_name, data.pending, **options)
