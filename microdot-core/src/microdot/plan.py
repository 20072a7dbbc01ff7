"""Compiling the hook plan of an application and of those mounted in it."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def compile_plan(app: "Any", top: bool) -> "Any":
    """Return the hook plan of an application, ``()`` when no plugin takes part.

    :param app: the application.
    :param top: it is served itself; False for one mounted with ``local=True``.
    """
    local: "list[Any]" = []
    for subapp in app._subapps:
        plan = compile_plan(subapp, False)
        if plan:
            # An application may be mounted at several places; its hooks are called once.
            for pair in [(subapp, plan)] + plan.local:
                if all([pair[0] is not owner for owner, _ in local]):
                    local.append(pair)
    if app._plugins is None:
        if not local and not (top and CPYTHON and app.autoload):
            return ()
        from .plugins import Plugins

        app._plugins = Plugins(app)
    return app._plugins.compile(top, local)
