"""``BaseAuth``: what all ways of authentication share (RFC 9110 section 11)."""

from microdot.helpers import invoke_handler, wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Function = TypeVar("Function", bound=Callable[..., Any])


class BaseAuth:
    """Authentication of requests; an instance is the decorator that protects an endpoint.

    A subclass says where the credentials of a request are, in ``credentials()``, and how it is
    refused, in ``authentication_error()``. Its options are class attributes, named in ``options``.

    :param args: values of the options in their order; an application may come first, nothing
                 depends on it.
    :param options: the same by name.
    :raises TypeError: too many values, two for one option, or there is no such option.
    """

    #: The options of the constructor, in their order.
    options: "tuple[str, ...]" = ()

    def __init__(self, *args: "Any", **options: "Any") -> None:
        #: ``f(request, *credentials)``, which returns the user or None.
        self.auth_callback: "Callable[..., Any] | None" = None
        #: ``f(request)``, which returns the response to a request that is refused; None for the default.
        self.error_callback: "Callable[..., Any] | None" = None
        if args and hasattr(args[0], "url_map"):
            args = args[1:]
        names = self.options
        if len(args) > len(names) or any([name in options for name in names[: len(args)]]):
            raise TypeError(
                "%s takes an application and each of these at most once: %s"
                % (type(self).__name__, ", ".join(names) or "nothing")
            )
        options.update(zip(names, args))
        for name in options:
            if name not in names:
                raise TypeError(
                    "%s has no option %r; there are: %s"
                    % (type(self).__name__, name, ", ".join(names) or "none")
                )
            setattr(self, name, options[name])

    def authenticate(self, f: "Function") -> "Function":
        """Register the function that verifies credentials, and return it.

        :param f: plain or ``async``, called as ``f(request, *credentials)``; it returns an object
                  for the user, or None when the credentials are wrong.
        """
        self.auth_callback = f
        return f

    def errorhandler(self, f: "Function") -> "Function":
        """Register the function that answers requests that are refused, and return it.

        :param f: plain or ``async``, called as ``f(request)``; its result is that of the endpoint.
        """
        self.error_callback = f
        return f

    def credentials(self, request: "Any") -> "tuple[Any, ...] | None":
        """Return the credentials of a request, None when it has none that can be read.

        :param request: the request.
        """
        raise NotImplementedError("define credentials(request) in %s" % type(self).__name__)

    async def authentication_error(self, request: "Any") -> "Any":
        """Return the response to a request that is refused.

        :param request: the request.
        """
        raise NotImplementedError(
            "define authentication_error(request) in %s" % type(self).__name__
        )

    async def get_user(self, request: "Any") -> "Any":
        """Return the user that the credentials of a request belong to, None when there is none.

        :param request: the request; ``request.g`` is not touched.
        :raises RuntimeError: there is no function that verifies credentials.
        """
        if self.auth_callback is None:
            raise RuntimeError(
                "this %s has no function that verifies credentials; decorate one with "
                "@auth.authenticate" % type(self).__name__
            )
        credentials = self.credentials(request)
        if credentials is None:
            return None
        return await invoke_handler(self.auth_callback, request, *credentials) or None

    async def check(self, request: "Any") -> "Any":
        """Authenticate a request; set ``request.g.current_user`` to its user.

        :param request: the request.
        :returns: None when there is a user, else the response that refuses the request.
        :raises HTTPException: the request is refused in this way.
        """
        user = await self.get_user(request)
        if user is None:
            result = await invoke_handler(self.error_callback or self.authentication_error, request)
            # None is the empty response to a handler, but to our caller it is consent.
            return ("", 204) if result is None else result
        request.g.current_user = user
        return None

    def __call__(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Protect an endpoint: only authenticated requests reach it.

        :param f: the endpoint, plain or ``async``.
        """

        @wraps(f)
        async def handler(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            refused = await self.check(request)
            if refused is not None:
                return refused
            return await invoke_handler(f, request, *args, **kwargs)

        return handler  # type: ignore[no-any-return]

    def optional(self, f: "Callable[..., Any]") -> "Callable[..., Any]":
        """Let an endpoint know its user: ``request.g.current_user``, None for anybody else.

        :param f: the endpoint, plain or ``async``; it is called with and without credentials.
        """

        @wraps(f)
        async def handler(request: "Any", *args: "Any", **kwargs: "Any") -> "Any":
            request.g.current_user = await self.get_user(request)
            return await invoke_handler(f, request, *args, **kwargs)

        return handler  # type: ignore[no-any-return]
