"""``Session``, the plugin; ``SessionDict``, the session of one request, which ``with_session`` gives out."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

CPYTHON = sys.implementation.name not in ("micropython", "circuitpython")

if TYPE_CHECKING or CPYTHON:
    from microdot.helpers import wraps


class SessionDict(dict):  # type: ignore[type-arg]
    """The session of a request, a dictionary of what JSON can hold.

    Changes stay in memory until ``save()``.

    :param request: the request.
    :param session_dict: what is in it.
    :param session: the ``Session`` that it belongs to; None for the one in use.
    """

    # What is known of it beyond its content, once it was asked for.
    _state: "Any" = None

    def __init__(self, request: "Any", session_dict: "Any" = None, session: "Any" = None) -> None:
        super().__init__()
        self.request = request
        self._session = session
        if session_dict:
            self.update(session_dict)

    def save(self) -> None:
        """Keep what is in the dictionary now, when the request ends without an error.

        :raises TypeError: there is something in it that JSON cannot hold.
        :raises ValueError: it is too large for a cookie, or a number is infinite.
        """
        self._owner().update(self.request, self)

    def delete(self) -> None:
        """Delete the session when the request ends without an error; the dictionary stays as it is."""
        self._owner().delete(self.request)

    def renew(self) -> None:
        """Let the next ``save()`` begin a new session with this content, and end the old one.

        Call it when a user logs in: an id that was planted before is worth nothing then.
        """
        self._owner()._state(self.request).renew()

    def _owner(self) -> "Session":
        return self._session or find_session(self.request)


def find_session(request: "Any") -> "Session":
    """Return the ``Session`` in use for a request, that of the inner application first.

    :param request: the request.
    :raises RuntimeError: there is none.
    """
    for app in (request.subapp, request.app):
        session = app.find_plugin("session") if app is not None else None
        if session is not None:
            return session  # type: ignore[no-any-return]
    raise RuntimeError(
        "the application of %s has no sessions; add app.use(Session(secret_key=...))" % request.path
    )


def with_session(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """Give a route handler the session: it is called as ``f(request, session, **path_args)``.

    :param f: the handler, plain or ``async``.
    """

    async def wrapper(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        from microdot.helpers import invoke_handler

        session = await find_session(request).load(request)
        return await invoke_handler(f, request, session, *args, **kwargs)

    return wraps(f)(wrapper) if CPYTHON else wrapper


class Session:
    """User sessions: ``app.use(Session(secret_key=...))``, or ``Session(app, secret_key=...)``.

    :param app: an application to use it in.
    :param secret_key: what the cookies are signed with: a random text or bytes that nobody else
                       knows. A list of them changes the key: the first signs, all are accepted.
    :param cookie_options: options of ``Response.set_cookie``. ``path`` is ``/``, ``http_only`` True,
                           ``same_site`` ``Lax``, and ``secure`` whether the request came over
                           TLS, unless they say otherwise. ``max_age`` is as below.
    :param max_age: seconds until a session expires. The cookie outlives the browser then, and
                    cookies without a time, as Microdot 2.x wrote them, are not accepted. Without
                    it, a session ends with the browser, after 31 days at the latest.
    :param sliding: count from the last use; False to count from the beginning of the session.
    :param store: where sessions are kept, such as a ``MemoryStore``; None for the cookie itself.
    :param cookie_name: the name of the cookie.
    """

    name = "session"
    secret_key: "Any" = None

    def __init__(
        self,
        app: "Any" = None,
        secret_key: "Any" = None,
        cookie_options: "Any" = None,
        max_age: "int | None" = None,
        sliding: bool = True,
        store: "Any" = None,
        cookie_name: str = "session",
    ) -> None:
        self.max_age = max_age
        self.sliding = sliding
        self.store = store
        self.cookie_name = cookie_name
        self._set(secret_key, cookie_options or {})
        if app is not None:
            self.initialize(app)

    def initialize(
        self, app: "Any", secret_key: "Any" = None, cookie_options: "Any" = None
    ) -> None:
        """Use sessions in an application; what is given replaces what the constructor was given.

        :param app: the application.
        :param secret_key: see ``Session``.
        :param cookie_options: see ``Session``.
        :raises ValueError: ``max_age`` is no number of seconds, or a cookie option cannot be.
        :raises TypeError: there is no such cookie option, or the store lacks a method.
        """
        self._set(secret_key, cookie_options)
        if getattr(app, "_session", None) is self:
            self.microdot_setup(app)
        else:
            app.use(self)

    def _set(self, secret_key: "Any", cookie_options: "Any") -> None:
        if secret_key is not None:
            self.secret_key = secret_key
        if cookie_options is not None:
            self.cookie_options = {"path": "/", "http_only": True, "same_site": "Lax"}
            self.cookie_options.update(cookie_options)

    def microdot_setup(self, app: "Any") -> None:
        """Check the options; be known to the application as ``app._session``, too."""
        from microdot.session.state import check_options

        check_options(self)
        app._session = self

    async def microdot_shutdown(self, app: "Any") -> None:
        """Close the store, if it can be closed."""
        if self.store is not None:
            from microdot.session.store import close

            await close(self.store)

    def get(self, request: "Any") -> SessionDict:
        """Return the session of a request: one object, however often it is asked for.

        :param request: the request.
        :raises ValueError: there is no secret key.
        :raises RuntimeError: the store is asynchronous, and the session not loaded yet.
        """
        return self._state(request).data  # type: ignore[no-any-return]

    async def load(self, request: "Any") -> SessionDict:
        """Return the session of a request, as ``get`` does; waits for an asynchronous store.

        :param request: the request.
        :raises ValueError: there is no secret key.
        """
        state = self._state(request, False)
        if not state.loaded:
            await state.load()
        return state.data  # type: ignore[no-any-return]

    def update(self, request: "Any", session: "Any") -> None:
        """Keep a session when the request ends without an error.

        :param request: the request.
        :param session: a dictionary, of which the present content is kept.
        :raises TypeError: there is something in it that JSON cannot hold.
        :raises ValueError: there is no secret key, or it is too large for a cookie.
        """
        self._state(request).save(session)

    def delete(self, request: "Any") -> None:
        """Delete the session when the request ends without an error.

        :param request: the request.
        :raises ValueError: there is no secret key.
        """
        self._state(request).delete()

    def encode(self, payload: "dict[str, Any]", secret_key: "Any" = None) -> str:
        """Return a signed token that says just this; ``microdot.session.tokens`` has others.

        :param payload: a dictionary of what JSON can hold.
        :param secret_key: another secret than that of the sessions.
        :raises ValueError: there is no secret key.
        """
        from microdot.session.state import sign

        return sign(self, payload, secret_key)

    def decode(self, session: "Any", secret_key: "Any" = None) -> "dict[str, Any]":
        """Return what a token says, ``{}`` when it is not valid.

        :param session: the token.
        :param secret_key: another secret than that of the sessions.
        :raises ValueError: there is no secret key.
        """
        from microdot.session.state import verify

        return verify(self, session, secret_key) or {}

    def _state(self, request: "Any", fill: bool = True) -> "Any":
        from microdot.session.state import find_state

        return find_state(self, request, fill)
