"""``Session``: the plugin that reads and writes the session cookie."""

from .data import SessionDict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Session:
    """User sessions: ``app.use(Session(secret_key=...))``, or ``Session(app, secret_key=...)``.

    :param app: an application to use it in.
    :param secret_key: what the cookies are signed with: a random text or bytes that nobody else
                       knows. A list of them changes the key: the first signs, all are accepted.
    :param cookie_options: options of ``Response.set_cookie``. ``path`` is ``/``, ``http_only`` True,
                           ``same_site`` ``Lax``, and ``secure`` whether the request came over
                           TLS, unless they say otherwise.
    :param max_age: seconds until a session expires. The cookie outlives the browser then, and
                    cookies without a time, as Microdot 2.x wrote them, are not accepted. Without
                    it, a session ends with the browser, after 31 days at the latest.
    :param sliding: count from the last use; False to count from the beginning of the session.
    :param store: where sessions are kept, such as a ``MemoryStore``; None for the cookie itself.
    :param cookie_name: the name of the cookie.
    :raises ValueError: ``max_age`` is no number of seconds above 0, or a cookie option cannot be.
    :raises TypeError: there is no such cookie option.
    """

    name = "session"
    #: Seconds until a session expires when ``max_age`` is not given.
    max_age: "Any" = 31 * 86400
    #: Whether a time was asked for.
    timed = False
    secret_key: "Any" = None

    def __init__(
        self,
        app: "Any" = None,
        secret_key: "Any" = None,
        cookie_options: "dict[str, Any] | None" = None,
        max_age: "int | None" = None,
        sliding: bool = True,
        store: "Any" = None,
        cookie_name: str = "session",
    ) -> None:
        self.sliding = sliding
        self.store = store
        self.cookie_name = cookie_name
        if max_age is not None:
            self._set_age(max_age)
        self._set(secret_key, cookie_options or {})
        if app is not None:
            self.initialize(app)

    def initialize(
        self, app: "Any", secret_key: "Any" = None, cookie_options: "dict[str, Any] | None" = None
    ) -> None:
        """Use sessions in an application; what is given replaces what the constructor was given.

        :param app: the application.
        :param secret_key: see ``Session``.
        :param cookie_options: see ``Session``.
        """
        self._set(secret_key, cookie_options)
        if getattr(app, "_session", None) is not self:
            app.use(self)

    def _set(self, secret_key: "Any", cookie_options: "dict[str, Any] | None") -> None:
        if secret_key is not None:
            self.secret_key = secret_key
        if cookie_options is not None:
            options = {"path": "/", "http_only": True, "same_site": "Lax"}
            options.update(cookie_options)
            self.cookie_options: "dict[str, Any]" = options
            if not self.timed and options.get("max_age") is not None:
                self._set_age(options["max_age"])

    def _set_age(self, max_age: int) -> None:
        if not isinstance(max_age, int) or max_age <= 0:
            raise ValueError("max_age=%r is no number of seconds from 1 on" % (max_age,))
        self.max_age = max_age
        self.timed = True

    def microdot_setup(self, app: "Any") -> None:
        """Be known to the application as ``app._session``, too."""
        from microdot import Response

        # An option that does not exist is an error here, not with the first request.
        Response().set_cookie(self.cookie_name, "", **self.cookie_options)
        app._session = self

    async def microdot_shutdown(self, app: "Any") -> None:
        """Close the store."""
        close = getattr(self.store, "close", None)
        if close is not None:
            result = close()
            if result is not None:
                await result

    def get(self, request: "Any") -> SessionDict:
        """Return the session of a request: one object, however often it is asked for.

        :param request: the request.
        :raises ValueError: there is no secret key.
        :raises RuntimeError: the store is asynchronous, and the session not loaded yet.
        """
        data = self._entry(request)
        if not data.loaded:
            if self.store is not None:
                from microdot.session.stored import load_now

                load_now(self, data)
            else:
                from microdot.session.cookie import read

                data.loaded = True
                data.update(read(self, data))
        return data

    async def load(self, request: "Any") -> SessionDict:
        """Return the session of a request, as ``get`` does; waits for an asynchronous store.

        :param request: the request.
        :raises ValueError: there is no secret key.
        """
        data = self._entry(request)
        if self.store is not None and not data.loaded:
            from microdot.session.stored import load

            await load(self, data)
        return self.get(request)

    def update(self, request: "Any", session: "Any") -> None:
        """Keep a session when the request ends without an error.

        :param request: the request.
        :param session: a dictionary, of which the present content is kept.
        :raises TypeError: there is something in it that JSON cannot hold.
        :raises ValueError: there is no secret key, or it is too large for a cookie.
        """
        data = self.get(request)
        payload = {key: session[key] for key in session}
        if self.store is not None:
            from microdot.session.stored import prepare

            prepare(self, data, payload)
        else:
            from microdot.session.cookie import write

            write(self, data, payload)

    def delete(self, request: "Any") -> None:
        """Delete the session when the request ends without an error.

        :param request: the request.
        """
        from microdot.session.cookie import queue

        queue(self.get(request), "")

    def encode(self, payload: "dict[str, Any]", secret_key: "Any" = None) -> str:
        """Return a signed token that says just this.

        :param payload: a dictionary of what JSON can hold.
        :param secret_key: another secret than that of the sessions.
        """
        from microdot.session.cookie import purpose, sign_claims

        return sign_claims(payload, secret_key or self.secret_key, purpose(self))

    def decode(self, session: "Any", secret_key: "Any" = None) -> "dict[str, Any]":
        """Return what a token says, ``{}`` when it is not valid.

        :param session: the token.
        :param secret_key: another secret than that of the sessions.
        """
        from microdot.session.cookie import purpose, verify_claims

        return verify_claims(session, secret_key or self.secret_key, purpose(self)) or {}

    def _entry(self, request: "Any") -> SessionDict:
        if not self.secret_key:
            raise ValueError(
                "Session has no secret_key to sign with; give it one: Session(secret_key=...)"
            )
        g = request.g
        data = first = getattr(g, "_session", None)
        while data is not None and data.session is not self:
            data = data.next
        if data is None:
            data = g._session = SessionDict(request, None, self)
            data.next = first
            data.loaded = False
            vary = getattr(g, "_vary", None)
            if vary is None:
                vary = g._vary = set()
            vary.add("Cookie")
        return data  # type: ignore[no-any-return]
