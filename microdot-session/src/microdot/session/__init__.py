"""User sessions: in a signed cookie, or kept by the server behind one."""

from .plugin import CPYTHON, Session, SessionDict, with_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .store import MemoryStore
else:

    def __getattr__(name: str) -> "Any":
        # It is asked before submodules are looked for, so it has to find those, too.
        path = "microdot.session." + ("store" if name == "MemoryStore" else name)
        try:
            module = __import__(path, None, None, ("",))
        except ImportError:
            raise AttributeError(name)
        return getattr(module, name, module)


__all__ = ["MemoryStore", "Session", "SessionDict", "with_session"]
