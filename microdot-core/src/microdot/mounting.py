"""Mounting: the routes of a sub-application become routes of its parent."""

from .routing import URLPattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def mount(app: "Any", subapp: "Any", url_prefix: str, local: bool) -> None:
    """Copy the current routes of ``subapp`` to ``app``; see ``Microdot.mount``."""
    routes = []
    for methods, pattern, handler, prefix, inner in subapp.url_map:
        copy = URLPattern(url_prefix + pattern.url_pattern)
        copy.segments  # noqa: B018  (a bad prefix is an error here, not with the first request)
        copy.limits = pattern.limits
        if inner is not None:
            copy.chain = (subapp,) + (pattern.chain or (inner,))
        routes.append((methods, copy, handler, url_prefix + prefix, inner or subapp))
    if not local and subapp._plugins is not None:
        from .plugins import move_plugins

        move_plugins(subapp, app)
    app.url_map += routes
    app._subapps = app._subapps + [subapp]
    subapp._parents = subapp._parents + [app]
    if not local:
        for name in (
            "before_request_handlers",
            "after_request_handlers",
            "after_error_request_handlers",
        ):
            getattr(app, name).extend(getattr(subapp, name))
            setattr(subapp, name, [])
        app.error_handlers.update(subapp.error_handlers)
        subapp.error_handlers = {}
    app._changed()
