"""Parts of ``Microdot`` that few applications use: options, the plan, lower-level methods."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

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


def set_option(app: "Any", name: str, value: "Any") -> None:
    """Set an option of an application.

    :raises TypeError: there is no such option, or the value is of another type.
    """
    if name not in OPTIONS:
        from .suggestions import unknown_option

        raise unknown_option(name, OPTIONS)
    if name != "autoload" and value is not None and not isinstance(value, (int, float)):
        raise TypeError("option %r must be a number, not %r" % (name, value))
    setattr(app, name, value)


def compile_plan(app: "Any", top: bool) -> "Any":
    """Return the hook plan of an application, ``()`` when no plugin takes part.

    :param app: the application.
    :param top: it is served itself; False for one mounted with ``local=True``.
    """
    local: "list[Any]" = []
    for subapp in app._subapps:
        plan = compile_plan(subapp, False)
        if plan:
            local += plan.local
            local.append((subapp, plan))
    if app._plugins is None:
        if not local and not (top and CPYTHON and app.autoload):
            return ()
        from .plugins import Plugins

        app._plugins = Plugins(app)
    return app._plugins.compile(top, local)


def find_route_parts(app: "Any", request: "Any") -> "Any":
    """Return what ``Microdot.find_route`` promises."""
    from .dispatch import find_route

    route = find_route(app, request)
    if request.method == "OPTIONS" and app.options_handler:
        result: "Any" = app.options_handler(request)
    else:
        result = route if isinstance(route, int) else route[2]
    return result, request.url_prefix, request.subapp


def request_handlers(app: "Any", request: "Any", attr: str, local_first: bool) -> "list[Any]":
    """Return what ``Microdot.get_request_handlers`` promises."""
    if attr[-9:] != "_handlers":
        attr += "_handlers"
    handlers: "list[Any]" = []
    for owner in (app,) + tuple(request._chain if request is not None else ()):
        own = getattr(owner, attr)
        handlers = own + handlers if local_first else handlers + own
    return handlers
