"""``Login``: who is logged in, and what only those may do."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])

CPYTHON = sys.implementation.name not in ("micropython", "circuitpython")

if TYPE_CHECKING or CPYTHON:
    from microdot.helpers import wraps


class Login:
    """User logins; an instance is the decorator that protects an endpoint.

    It needs a ``Session`` in the application, of the distribution microdot-session.

    :param login_url: where users log in: a path, or a URL.
    :param cookie_options: options of ``Response.set_cookie`` for the cookie that remembers users.
                           ``path`` is ``/``, ``http_only`` True, ``same_site`` ``Lax``, and
                           ``secure`` whether the request came over TLS, unless they say otherwise.
    :raises TypeError: there is no such cookie option.
    :raises ValueError: a cookie option has a value that cannot be.
    """

    #: ``f(user_id)``, which returns the user or None.
    user_loader_callback: "Any" = None
    #: ``f(user)``, which returns a text; when that changes, the user is not remembered any more.
    remember_key_callback: "Any" = None
    # The remembered logins that ended, see microdot.login.revoked.
    _revoked: "Any" = None

    def __init__(
        self, login_url: str = "/login", cookie_options: "dict[str, Any] | None" = None
    ) -> None:
        self.login_url = login_url
        self.cookie_options = cookie_options = dict(cookie_options or {})
        if cookie_options:
            from microdot import Response

            # An option that does not exist is an error here, not at the first login.
            Response().set_cookie("_remember", "", **cookie_options)

    def user_loader(self, f: "Function") -> "Function":
        """Register the function that loads users, and return it.

        :param f: plain or ``async``, called as ``f(user_id)``; it returns the user, an object
                  with an ``id``, or None when there is none.
        """
        self.user_loader_callback = f
        return f

    def remember_key(self, f: "Function") -> "Function":
        """Register the function that remembered logins depend on, and return it.

        With ``return user.password_hash`` all of them end when the password changes.

        :param f: plain or ``async``, called as ``f(user)``; it returns a text.
        """
        self.remember_key_callback = f
        return f

    async def get_current_user(self, request: "Any") -> "Any":
        """Return the user that is logged in, None when nobody is.

        A user is also set as ``request.g.current_user``.

        :param request: the request.
        :raises RuntimeError: there are no sessions, or there is no function that loads users.
        """
        from microdot.login.state import current_user

        return await current_user(self, request)

    async def login_user(
        self, request: "Any", user: "Any", remember: "Any" = False, redirect_url: str = "/"
    ) -> "Any":
        """Log a user in, whose credentials have been verified.

        The cookies are sent unless the request ends in an error.

        :param request: the request.
        :param user: the user, an object with an ``id`` that JSON can hold.
        :param remember: log the user in again when the session is over: True for 30 days, or a
                         number of days, counted from now.
        :param redirect_url: where to go when the query argument ``next`` is no path of this site.
        :returns: the redirect to ``next`` or ``redirect_url``.
        :raises RuntimeError: there are no sessions.
        :raises TypeError: the id cannot be kept, or ``remember`` is neither a number nor True.
        :raises ValueError: the number of days is not above 0.
        """
        from microdot.login.state import log_in

        return await log_in(self, request, user, remember, redirect_url)

    async def logout_user(self, request: "Any") -> None:
        """Log the user out; a remembered login ends, too.

        :param request: the request.
        :raises RuntimeError: there are no sessions.
        """
        from microdot.login.state import log_out

        await log_out(self, request)

    async def check(self, request: "Any", fresh: bool = False) -> "Any":
        """Return None when a user is logged in, else the redirect to the login page.

        :param request: the request.
        :param fresh: whether the user must have logged in in this session; that a remembered
                      login was found is not enough.
        :raises RuntimeError: there are no sessions, or there is no function that loads users.
        """
        from microdot.login.state import check

        return await check(self, request, fresh)

    def __call__(self, f: "Callable[..., Any]", fresh: bool = False) -> "Callable[..., Any]":
        """Protect an endpoint: who is not logged in is sent to the login page.

        :param f: the endpoint, plain or ``async``.
        :param fresh: see ``check``.
        """

        async def handler(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            from microdot.helpers import invoke_handler

            refused = await self.check(request, fresh)
            if refused is not None:
                return refused
            return await invoke_handler(f, request, *args, **kwargs)

        return wraps(f)(handler) if CPYTHON else handler

    def fresh(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Protect an endpoint: who has not logged in in this session is sent to the login page.

        :param f: the endpoint, plain or ``async``.
        """
        return self(f, True)
