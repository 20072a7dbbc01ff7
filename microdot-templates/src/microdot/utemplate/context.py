"""``Context``: a value of the request that is being handled.

CPython's half is in ``cpython/context.py``: there handlers also run in threads.
"""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.context import Context
else:
    from asyncio import current_task

    class Context:
        """Values by task, as a request is handled by one."""

        def __init__(self) -> None:
            self._entries: "list[Any]" = []

        def enter(self, value: "Any") -> None:
            """Let ``get`` return a value in this task."""
            # A request that was cancelled had no response.
            self._entries = [entry for entry in self._entries if not entry[0].done()]
            self._entries.append((current_task(), value))

        def leave(self, value: "Any") -> None:
            """Undo ``enter``, if there was one in this task, and those after it."""
            task = current_task()
            for i in range(len(self._entries)):
                if self._entries[i][0] is task and self._entries[i][1] is value:
                    after = [entry for entry in self._entries[i:] if entry[0] is not task]
                    self._entries[i:] = after
                    break

        def get(self) -> "Any":
            """Return the value of this task, None when it has none."""
            result = None
            if self._entries:
                try:
                    task = current_task()
                except RuntimeError:  # no loop is running
                    return None
                for owner, value in self._entries:
                    if owner is task:
                        result = value
            return result


__all__ = ["Context"]
