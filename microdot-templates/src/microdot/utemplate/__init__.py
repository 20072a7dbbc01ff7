"""``Template`` renders templates of utemplate, on both platforms."""

from .template import Template, init_templates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .escaping import Markup, escape
    from .loader import EscapingLoader, Loader
    from .plugin import UTemplate

__all__ = [
    "EscapingLoader",
    "Loader",
    "Markup",
    "Template",
    "UTemplate",
    "escape",
    "init_templates",
]

_HOMES = {
    "EscapingLoader": "loader",
    "Loader": "loader",
    "Markup": "escaping",
    "UTemplate": "plugin",
    "escape": "escaping",
}


def __getattr__(name: str) -> "Any":
    # The loaders need utemplate, which may not be there; and a board loads what it uses.
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(__import__("microdot.utemplate." + _HOMES[name], None, None, ("",)), name)
