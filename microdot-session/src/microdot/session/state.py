"""``State``: how the session of one request gets out of its cookie, and into the next one."""

from microdot import Response

from .plugin import SessionDict
from .tokens import now, pack, sign_claims, unpack, verify_claims

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .plugin import Session

#: Bytes of a cookie, its name and attributes included, that every browser keeps (RFC 6265
#: section 6.1).
MAX_COOKIE = 4096

#: Seconds until a session expires, unless ``max_age`` says something else.
MAX_AGE = 31 * 86400


class State:
    """What is known of the session of one request, and what is to be done with it.

    :param session: the plugin.
    :param request: the request.
    """

    #: Whether the content was fetched.
    loaded = False
    #: What the response brings: a token, "" to delete the cookie, None for nothing.
    pending: "Any" = None
    #: When the session began, and when the token expires, in seconds since 1970.
    start: "Any" = None
    end: "Any" = None
    #: The state for another ``Session`` in the same request.
    next: "Any" = None
    _queued = False

    def __init__(self, session: "Session", request: "Any") -> None:
        self.session = session
        self.data = SessionDict(request, None, session)
        self.data._state = self
        asked = asked_max_age(session)
        self.timed = asked is not None
        self.max_age = MAX_AGE if asked is None else asked

    def fill(self) -> None:
        """Fetch the content."""
        self.loaded = True
        self.data.update(self.read())

    async def load(self) -> None:
        """Fetch the content, from wherever it is."""
        self.fill()

    def save(self, content: "Any") -> None:
        """Let the response bring what is in a dictionary now.

        :param content: the dictionary.
        """
        self.write({key: content[key] for key in content})

    def renew(self) -> None:
        """Let the next ``save`` count the time of the session from then on."""
        self.start = None

    def delete(self) -> None:
        """Let the response delete the cookie; what is saved from now on is another session."""
        self.renew()
        self.queue("")

    def read(self) -> "dict[str, Any]":
        """Return what the cookie of the request says, ``{}`` when it is not valid.

        A session that counts from its last use is written again in the second half of its time.
        """
        session = self.session
        token = self.data.request.cookies.get(session.cookie_name)
        claims = token and verify_claims(token, session.secret_key, self.purpose())
        if not claims:
            return {}
        payload, start, end = unpack(claims)
        if start is None or end is None:
            return {} if self.timed else payload
        time = now()
        if not session.sliding and time >= start + self.max_age:
            return {}
        self.start = start
        if session.sliding and (end - time) * 2 < self.max_age:
            try:
                self.write(payload)
            except ValueError:
                pass  # It was longer than what is written today; it lasts until its time is over.
        return payload

    def write(self, payload: "dict[str, Any]") -> None:
        """Let the response bring a signed cookie.

        :param payload: what it says.
        :raises ValueError: it is larger than browsers keep.
        """
        session = self.session
        time = now()
        start = time if self.start is None else self.start
        end = (time if session.sliding else start) + self.max_age
        token = sign_claims(pack(payload, start, end), session.secret_key, self.purpose())
        response = Response()
        self.put(response, token, end)
        size = len(response.headers["Set-Cookie"][0])
        if size > MAX_COOKIE:
            raise ValueError(
                "the session is a cookie of %d bytes, and browsers keep %d (RFC 6265 section 6.1); "
                "put less into it, or keep it on the server: Session(store=MemoryStore())"
                % (size, MAX_COOKIE)
            )
        self.start = start
        self.end = end
        self.queue(token)

    def purpose(self) -> str:
        """Return what the token in the cookie is for."""
        return _purpose(self.session)

    def queue(self, token: str) -> None:
        """Let the response bring a cookie; of several the last.

        :param token: its value, "" to delete it.
        """
        self.pending = token
        if not self._queued:
            self._queued = True
            self.data.request.after_request(self.finish)

    async def finish(self, request: "Any", response: "Any") -> None:
        """Add what is queued to the response; runs after the request.

        :param request: the request.
        :param response: the response.
        """
        if self.pending is not None:
            self.put(response, self.pending, self.end)

    def put(self, response: "Any", token: str, end: "Any") -> None:
        """Add a cookie to a response.

        :param response: the response.
        :param token: its value, "" to delete it.
        :param end: when it expires.
        """
        session = self.session
        options: "dict[str, Any]" = {"secure": self.data.request.scheme == "https"}
        options.update(session.cookie_options)
        if not token:
            response.delete_cookie(session.cookie_name, **options)
            return
        if self.timed and "max_age" not in options:
            options["max_age"] = max(0, end - now())
        response.set_cookie(session.cookie_name, token, **options)


def sign(session: "Session", payload: "dict[str, Any]", secrets: "Any") -> str:
    """Return a token such as is in the cookies of a ``Session``.

    :param session: the plugin.
    :param payload: what it says.
    :param secrets: the secret; None for that of the plugin.
    """
    return sign_claims(payload, secrets or session.secret_key, _purpose(session))


def verify(session: "Session", token: "Any", secrets: "Any") -> "dict[str, Any] | None":
    """Return all that such a token says, None when it is not valid.

    :param session: the plugin.
    :param token: the token.
    :param secrets: the secret; None for that of the plugin.
    """
    return verify_claims(token, secrets or session.secret_key, _purpose(session))


def _purpose(session: "Session") -> str:
    # A plain JSON Web Token, as in Microdot 2.x; cookies of another name are not for it.
    return "" if session.cookie_name == "session" else "cookie " + session.cookie_name


def find_state(session: "Session", request: "Any", fill: bool) -> "Any":
    """Return the state of the session of a request, made when it is asked for first.

    :param session: the plugin.
    :param request: the request.
    :param fill: whether its content is needed.
    :raises ValueError: there is no secret key.
    """
    if not session.secret_key:
        raise ValueError("Session has nothing to sign with; give it a secret: secret_key=...")
    g = request.g
    first = getattr(g, "_session", None)
    state: "Any" = None if first is None else first._state
    while state is not None and state.session is not session:
        state = state.next
    if state is None:
        if session.store is None:
            state = State(session, request)
        else:
            from microdot.session.store import StoredState

            state = StoredState(session, request)
        state.next = None if first is None else first._state
        g._session = state.data
        request.vary("Cookie")
    if fill and not state.loaded:
        state.fill()
    return state


def asked_max_age(session: "Session") -> "Any":
    """Return the seconds until a session expires, None when the options do not say.

    :param session: the plugin.
    """
    if session.max_age is not None:
        return session.max_age
    return session.cookie_options.get("max_age")


def check_options(session: "Session") -> None:
    """Refuse options that cannot be, before the first request does.

    :param session: the plugin.
    :raises ValueError: ``max_age`` is no number of seconds, or a cookie option cannot be.
    :raises TypeError: there is no such cookie option, or the store lacks a method.
    """
    asked = asked_max_age(session)
    if asked is not None and (not isinstance(asked, int) or asked < 1):
        raise ValueError(
            "Session(max_age=%r) is no number of seconds; give a whole number from 1 on" % (asked,)
        )
    for name in ("load", "save", "touch", "delete") if session.store is not None else ():
        if not hasattr(session.store, name):
            raise TypeError(
                "the store of Session, %r, has no method %s(); MemoryStore shows what it takes"
                % (session.store, name)
            )
    response: "Any" = Response()
    response.set_cookie(session.cookie_name, "", **session.cookie_options)
