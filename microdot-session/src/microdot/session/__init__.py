"""User sessions: in a signed cookie, or kept by the server behind one."""

from .data import CPYTHON, SessionDict, with_session
from .plugin import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .store import MemoryStore
    from .stored import prepare  # noqa: F401  (all that the first request would load)
else:

    def __getattr__(name: str) -> "Any":
        # Asked before submodules are looked for, so it has to find these, too.
        path = "microdot.session." + ("store" if name == "MemoryStore" else name)
        try:
            module = __import__(path, None, None, ("",))
        except ImportError:
            raise AttributeError(name)
        return getattr(module, name, module)


__all__ = ["MemoryStore", "Session", "SessionDict", "with_session"]
