"""``Template`` renders templates of utemplate, on both platforms."""

from .template import CPYTHON, Template, init_templates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .escaping import Markup, escape
    from .plugin import UTemplate

if TYPE_CHECKING:
    from .loader import EscapingLoader, Loader
else:

    def __getattr__(name: str) -> "Any":
        # The loaders need utemplate, which may not be there; and a board loads what it uses.
        modules = {
            "EscapingLoader": "loader",
            "Loader": "loader",
            "Markup": "escaping",
            "UTemplate": "plugin",
            "escape": "escaping",
        }
        if name not in modules:
            raise AttributeError(name)
        return getattr(__import__("microdot.utemplate." + modules[name], None, None, ("",)), name)


__all__ = [
    "EscapingLoader",
    "Loader",
    "Markup",
    "Template",
    "UTemplate",
    "escape",
    "init_templates",
]
