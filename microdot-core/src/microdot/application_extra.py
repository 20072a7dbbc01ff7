"""The methods of ``Microdot`` that a small application does without; loaded on first use on a board."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    from .application import Microdot

    Handler = TypeVar("Handler", bound=Callable[..., Any])

#: What the constructor of ``Microdot`` takes.
OPTIONS = (
    "autoload",
    "body_timeout",
    "grace_period",
    "header_timeout",
    "idle_timeout",
    "max_body_length",
    "max_connections",
    "max_content_length",
    "max_fields",
    "max_head_size",
    "max_readline",
    "write_timeout",
)


class Members:
    """The second half of ``Microdot``."""

    if TYPE_CHECKING:
        url_map: "list[Any]"
        before_request_handlers: "list[Any]"
        after_request_handlers: "list[Any]"
        after_error_request_handlers: "list[Any]"
        error_handlers: "dict[Any, Any]"
        _plugins: "Any"
        _plan: "Any"
        _table: "Any"
        _parents: "list[Any]"
        _runner: "Any"

        def route(
            self, url_pattern: str, *args: "Any", **limits: "Any"
        ) -> "Callable[[Handler], Handler]": ...

        def _compile(self, top: bool = True) -> "Any": ...

    def _set_options(self, options: "dict[str, Any]") -> None:
        for name in options:
            value = options[name]
            if name not in OPTIONS:
                from .suggestions import unknown_option

                raise unknown_option(name, OPTIONS)
            if name != "autoload" and value is not None and not isinstance(value, (int, float)):
                raise TypeError("option %r must be a number, not %r" % (name, value))
            setattr(self, name, value)

    def put(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for PUT."""
        return self.route(url_pattern, ["PUT"], **limits)

    def patch(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for PATCH."""
        return self.route(url_pattern, ["PATCH"], **limits)

    def delete(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for DELETE."""
        return self.route(url_pattern, ["DELETE"], **limits)

    def query(self, url_pattern: str, **limits: "Any") -> "Callable[[Handler], Handler]":
        """Return a decorator that registers a handler for QUERY."""
        return self.route(url_pattern, ["QUERY"], **limits)

    def before_request(self, f: "Handler") -> "Handler":
        """Register ``f(request)`` to run before the handler; a result other than None answers."""
        self.before_request_handlers.append(f)
        return f

    def after_request(self, f: "Handler") -> "Handler":
        """Register ``f(request, response)`` to run after the handler; it may return a replacement."""
        self.after_request_handlers.append(f)
        return f

    def after_error_request(self, f: "Handler") -> "Handler":
        """Register ``f(request, response)`` to run after an error; the request may be None."""
        self.after_error_request_handlers.append(f)
        return f

    def errorhandler(
        self, status_code_or_exception_class: "int | type[BaseException]"
    ) -> "Callable[[Handler], Handler]":
        """Return a decorator that registers an error handler.

        :param status_code_or_exception_class: a status code, for ``f(request)``, or an
            exception class, for ``f(request, exception)``.
        """

        def decorated(f: "Handler") -> "Handler":
            self.error_handlers[status_code_or_exception_class] = f
            return f

        return decorated

    def mount(self, subapp: "Microdot", url_prefix: str = "", local: bool = False) -> None:
        """Add the current routes of another application to this one.

        :param subapp: the other application.
        :param url_prefix: what its paths begin with.
        :param local: its hooks, error handlers and plugins stay its own and act on its routes
                      only; otherwise they become those of this application.
        """
        from .mounting import mount

        mount(self, subapp, url_prefix, local)

    def static(self, url_prefix: str, folder: str, **options: "Any") -> None:
        """Serve the files of a folder.

        :param url_prefix: what their paths begin with.
        :param folder: the folder; nothing outside it is served.
        :param options: as of ``microdot.static.static_route``.
        """
        from .static import static_route

        static_route(self, url_prefix, folder, **options)

    def use(self, plugin: "Any", **options: "Any") -> "Any":
        """Add a plugin and return it.

        :param plugin: an object with hook methods; a class of such; on CPython also the name of
                       an installed plugin.
        :param options: for the constructor of a class or of an installed plugin.
        :raises PluginError: it does not fit, or a plugin of this name is in use.
        """
        if self._plugins is None:
            from .plugins import Plugins

            self._plugins = Plugins(self)
        plugin = self._plugins.use(plugin, options)
        self._changed()
        return plugin

    def find_plugin(self, name: str) -> "Any":
        """Return the plugin in use under a name, None when there is none.

        Cheap enough for every request, unlike ``plugins``; valid once requests are handled.

        :param name: its name.
        """
        for used, plugin in self._plugins.order if self._plugins is not None else ():
            if used == name:
                return plugin
        return None

    def find_route(self, req: "Any") -> "Any":
        """Return ``(handler, 404, 405 or OPTIONS headers; url_prefix; subapp)`` for a request."""
        from .dispatch import find_route

        route = find_route(self, req)
        if req.method == "OPTIONS" and self.options_handler:
            result: "Any" = self.options_handler(req)
        else:
            result = route if isinstance(route, int) else route[2]
        return result, req.url_prefix, req.subapp

    def default_options_handler(self, req: "Any") -> "dict[str, str]":
        """Return the ``Allow`` header for a request's path."""
        from .automatic import allowed_methods

        return {"Allow": ", ".join(allowed_methods(self, req.path))}

    #: ``(request) -> headers`` of automatic OPTIONS responses; None turns these off.
    options_handler: "Any" = default_options_handler

    def get_request_handlers(
        self, req: "Any", attr: str, local_first: bool = True
    ) -> "list[Callable[..., Any]]":
        """Return the hooks of a request.

        :param req: the request.
        :param attr: the name of the list, such as ``'before_request_handlers'``'s
                     ``'before_request'``.
        :param local_first: those of mounted applications come first.
        """
        if attr[-9:] != "_handlers":
            attr += "_handlers"
        handlers: "list[Any]" = []
        for owner in (self,) + tuple(req._chain if req is not None else ()):
            own = getattr(owner, attr)
            handlers = own + handlers if local_first else handlers + own
        return handlers

    async def error_response(
        self, req: "Any", status_code: int, reason: "str | None" = None
    ) -> "Any":
        """Return what the handler of a status code gives, else (text, status code)."""
        from ._compat import invoke_handler

        handler = self.error_handlers.get(status_code)
        if handler is None:
            return reason or "N/A", status_code
        return await invoke_handler(handler, req)

    async def handle_request(self, reader: "Any", writer: "Any") -> None:
        """Serve one connection.

        :param reader: an asynchronous stream with ``read``.
        :param writer: its other direction, with ``write``, ``drain`` and ``close``.
        """
        from .server import serve_stream

        await serve_stream(self, reader, writer)

    @property
    def plugins(self) -> "dict[str, Any]":
        """The plugins that take part, name to plugin."""
        self._compile()
        return self._plugins.as_dict() if self._plugins is not None else {}

    def _changed(self) -> None:
        # What was compiled is not true any more, here and where this is mounted.
        self._plan = self._table = None
        for parent in self._parents:
            parent._changed()

    def shutdown(self) -> None:
        """Stop: accept nothing new, finish what is under way, then let ``run()`` return."""
        if self._runner is not None:
            self._runner.shutdown()
