"""``SessionDict``: the session of one request; ``with_session`` gives it to a handler."""

from microdot.helpers import CPYTHON, invoke_handler, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .plugin import Session


class SessionDict(dict):  # type: ignore[type-arg]
    """The session of a request, a dictionary of what JSON can hold.

    Changes stay in memory until ``save()``.

    :param request: the request.
    :param session_dict: what is in it.
    :param session: the ``Session`` that it belongs to; None for the one in use.
    """

    #: What is to be done after the request: a token to send, "" to delete, None for nothing.
    pending: "str | None" = None
    #: When the session began, and when the token to send expires, in seconds since 1970.
    start: "Any" = None
    end: "Any" = None
    # Its names in the store: the one in use, the one that it replaces; the text to keep there.
    id: "str | None" = None
    old_id: "str | None" = None
    new = False
    text: "str | None" = None
    #: Whether its content was fetched; whether the response brings its cookie.
    loaded = True
    queued = False
    #: The session of another ``Session`` in the same request.
    next: "Any" = None

    def __init__(
        self, request: "Any", session_dict: "dict[str, Any] | None" = None, session: "Any" = None
    ) -> None:
        super().__init__()
        self.request = request
        self.session = session
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
        data = self._owner().get(self.request)
        data.start = None
        data.old_id = data.old_id or data.id
        data.id = None

    def _owner(self) -> "Session":
        return self.session or find_session(self.request)

    async def write(self, request: "Any", response: "Any") -> None:
        """Do what is pending; runs after the request."""
        if self.pending is None:
            return
        from microdot.session.cookie import put

        session = self.session
        if session.store is not None:
            from microdot.session.stored import commit

            await commit(session, self)
        put(session, self, response)


__all__ = ["CPYTHON", "SessionDict", "find_session", "with_session"]


def find_session(request: "Any") -> "Session":
    """Return the ``Session`` in use for a request, that of the inner application first.

    :raises RuntimeError: there is none.
    """
    for app in (request.subapp, request.app):
        session = app.find_plugin("session") if app is not None else None
        if session is not None:
            return session  # type: ignore[no-any-return]
    raise RuntimeError(
        "there are no sessions in the application of %s; add them with "
        "app.use(Session(secret_key=...))" % request.path
    )


def with_session(f: "Callable[..., Any]") -> "Callable[..., Any]":
    """Give a route handler the session: it is called as ``f(request, session, **path_args)``.

    :param f: the handler, plain or ``async``.
    """

    @wraps(f)
    async def wrapper(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
        session = await find_session(request).load(request)
        return await invoke_handler(f, request, session, *args, **kwargs)

    return wrapper
