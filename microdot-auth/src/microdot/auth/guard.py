"""``Guard``: authentication for all routes of an application."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Guard:
    """The plugin that protects an application: ``app.use(Guard(auth, public=["/login"]))``.

    Every request has to be authenticated, also those that no route matches. In a sub-application
    mounted with ``local=True`` it protects the routes of that one. CORS answers preflights before.

    :param auth: a ``BasicAuth``, ``TokenAuth``, ``Login``, or any object with ``async check(request)``
                 that returns None or the response that refuses the request.
    :param public: the paths that need no authentication; one that ends in ``/`` stands for all
                   that begin with it, except ``/``, which is the front page. The login page of a
                   ``Login`` is public, too.
    :raises TypeError: ``auth`` cannot check, or ``public`` is text.
    """

    name = "auth"
    after = ("cors", "csrf", "session")

    def __init__(self, auth: "Any", public: "Any" = ()) -> None:
        if not callable(getattr(auth, "check", None)):
            raise TypeError(
                "Guard(%r) has nothing to check requests with; give a BasicAuth, TokenAuth or Login"
                % (auth,)
            )
        if isinstance(public, str):
            raise TypeError("public=%r is one path; give a list of paths" % public)
        #: What checks the requests.
        self.auth = auth
        #: The paths that need no authentication.
        self.public = list(public)
        page = getattr(auth, "login_url", "")
        if page:
            self.public.append(page.split("#")[0].split("?")[0])

    def is_public(self, path: str) -> bool:
        """Tell whether a path needs no authentication."""
        for public in self.public:
            if path == public or len(public) > 1 and public[-1] == "/" and path.startswith(public):
                return True
        return False

    async def microdot_request(self, app: "Any", request: "Any") -> "Any":
        """Refuse a request that is not authenticated."""
        return None if self.is_public(request.path) else await self.auth.check(request)
