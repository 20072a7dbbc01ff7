"""``Context``: a value of the request that is being handled."""

from contextvars import ContextVar
from typing import Any


class Context:
    """Values by context: handlers in threads and tasks of the handler see them too."""

    def __init__(self) -> None:
        # (value, what was there before) of the innermost request
        self._entry: "ContextVar[Any]" = ContextVar("microdot.template", default=None)

    def enter(self, value: Any) -> None:
        """Let ``get`` return a value in this context."""
        self._entry.set((value, self._entry.get()))

    def leave(self, value: Any) -> None:
        """Undo ``enter``, if there was one in this context, and those after it."""
        entry = self._entry.get()
        while entry is not None:
            if entry[0] is value:
                self._entry.set(entry[1])
                break
            entry = entry[1]

    def get(self) -> Any:
        """Return the value of this context, None when it has none."""
        entry = self._entry.get()
        return None if entry is None else entry[0]
