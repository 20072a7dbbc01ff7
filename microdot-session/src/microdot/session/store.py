"""``MemoryStore``: sessions in the memory of one process."""

import sys
from collections import OrderedDict

from .tokens import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MemoryStore:
    """Keeps sessions in memory: for a board, or a server of one process.

    An object with the same methods, plain or ``async``, can take its place.

    :param max_sessions: how many; the one that was not used for longest makes room. 10,000 if
                         omitted, on MicroPython 32.
    :raises ValueError: that is none.
    """

    def __init__(self, max_sessions: "int | None" = None) -> None:
        if max_sessions is None:
            board = sys.implementation.name in ("micropython", "circuitpython")
            max_sessions = 32 if board else 10000
        if max_sessions < 1:
            raise ValueError(
                "MemoryStore(max_sessions=%r) keeps nothing; give a number from 1 on" % max_sessions
            )
        self.max_sessions = max_sessions
        self._items: "Any" = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def load(self, id: str) -> "str | None":
        """Return the text kept under an id, None when there is none any more."""
        item = self._items.get(id)
        if item is not None and item[0] <= now():
            item = None
            self._items.pop(id, None)
        return None if item is None else item[1]

    def save(self, id: str, text: str, seconds: int, new: bool) -> bool:
        """Keep a text under an id.

        :param id: the id.
        :param text: the text.
        :param seconds: for how long.
        :param new: whether it is a new one; another one is kept only if it is still there.
        :returns: whether it is kept.
        """
        if not new and self.load(id) is None:
            return False
        self._items.pop(id, None)
        if len(self._items) >= self.max_sessions:
            self._make_room()
        self._items[id] = (now() + seconds, text)
        return True

    def touch(self, id: str, seconds: int) -> bool:
        """Keep what is under an id for so many seconds more; return whether there is something."""
        text = self.load(id)
        return text is not None and self.save(id, text, seconds, False)

    def delete(self, id: str) -> None:
        """Forget what is under an id."""
        self._items.pop(id, None)

    def _make_room(self) -> None:
        for id in self._items:
            break
        del self._items[id]
