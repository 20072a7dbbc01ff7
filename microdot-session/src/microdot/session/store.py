"""Sessions that the server keeps: ``MemoryStore``, and what is behind the cookie then."""

import json
import os
from binascii import hexlify
from collections import OrderedDict

from microdot.helpers import CPYTHON

from .state import State
from .tokens import check_json, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    # Plain handlers load sessions in threads, so these are single steps.
    _use = OrderedDict.move_to_end

    def _drop_oldest(items: "Any") -> None:
        items.popitem(False)
else:

    def _use(items: "Any", key: str) -> None:
        items[key] = items.pop(key)

    def _drop_oldest(items: "Any") -> None:
        for key in items:
            break
        del items[key]


class MemoryStore:
    """Keeps sessions in memory: for a board, or a server of one process.

    An object with the same methods, plain or ``async``, can take its place.

    :param max_sessions: how many; the one that was not used for longest makes room. 10,000 if
                         omitted, on MicroPython 32.
    :raises ValueError: that is none.
    """

    def __init__(self, max_sessions: "int | None" = None) -> None:
        if max_sessions is None:
            max_sessions = 10000 if CPYTHON else 32
        if max_sessions < 1:
            raise ValueError(
                "MemoryStore(max_sessions=%r) keeps nothing; give a number from 1 on" % max_sessions
            )
        self.max_sessions = max_sessions
        # Key -> (when it expires, text); what was used last is at the end.
        self._items: "Any" = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def load(self, key: str) -> "str | None":
        """Return the text kept under a key, None when there is none any more.

        :param key: the key.
        """
        item = self._items.get(key)
        if item is None or item[0] <= now():
            self._items.pop(key, None)
            return None
        try:
            _use(self._items, key)
        except KeyError:  # Deleted in another thread, just now.
            return None
        return item[1]  # type: ignore[no-any-return]

    def save(self, key: str, text: str, seconds: int, new: bool) -> bool:
        """Keep a text under a key.

        :param key: the key.
        :param text: the text.
        :param seconds: for how long.
        :param new: whether there is none yet; otherwise it is kept only if there still is one, so
                    that a session deleted meanwhile stays deleted.
        :returns: whether it is kept.
        """
        if (self.load(key) is None) != new:
            return False
        if new and len(self._items) >= self.max_sessions:
            _drop_oldest(self._items)
        # At the end: it is new there, or load() has moved it.
        self._items[key] = (now() + seconds, text)
        return True

    def touch(self, key: str, seconds: int) -> bool:
        """Keep what is under a key, from now on for so long; return whether there is something.

        :param key: the key.
        :param seconds: for how long.
        """
        text = self.load(key)
        return text is not None and self.save(key, text, seconds, False)

    def delete(self, key: str) -> None:
        """Forget what is under a key.

        :param key: the key.
        """
        self._items.pop(key, None)


class StoredState(State):
    """What is known of a session in a store; its cookie is the signed id. See ``State``."""

    # Its id; whether the store does not know it yet; whether saving gives it another one;
    # the one it had before; the text to keep, None to keep what is there.
    _id: "str | None" = None
    _new = False
    _renew = False
    _old: "str | None" = None
    _text: "str | None" = None

    def fill(self) -> None:
        """Fetch the content from a store that answers at once.

        :raises RuntimeError: the store is asynchronous.
        """
        result = self._ask()
        if _awaitable(result):
            if hasattr(result, "close"):
                result.close()
            self._forget()
            raise RuntimeError(
                "%s has to be awaited: use @with_session, or `await session.load(request)` before "
                "session.get(request)" % type(self.session.store).__name__
            )
        self._take(result)

    async def load(self) -> None:
        """Fetch the content from the store."""
        text = await _wait(self._ask())
        if not self.loaded:  # by another task of this request, meanwhile
            self._take(text)

    def _ask(self) -> "Any":
        key = self.read().get("jti")
        if not isinstance(key, str):
            return None
        self._id = key
        return self.session.store.load(key)

    def _take(self, text: "str | None") -> None:
        self.loaded = True
        if text is None:
            # Deleted or expired; what is saved from now on is another session.
            self._forget()
        else:
            self.data.update(json.loads(text))

    def _forget(self) -> None:
        self._id = self.start = self.pending = None

    def save(self, content: "Any") -> None:
        """Let the store keep what is in a dictionary now."""
        content = {key: content[key] for key in content}
        check_json(content, "")
        text = json.dumps(content)
        if self._id is None or self._renew:
            if not self._new:
                self._old = self._id
            self._id = hexlify(os.urandom(16)).decode()
            self._new = True
        self.write({"jti": self._id})
        self._text = text

    def renew(self) -> None:
        """Let the next ``save`` give it another id; the store then forgets it under this one."""
        super().renew()
        self._renew = True

    def purpose(self) -> str:
        """Return what the token in the cookie is for."""
        return "session id " + self.session.cookie_name

    async def finish(self, request: "Any", response: "Any") -> None:
        """Do in the store what is queued, then in the response; runs after the request."""
        store = self.session.store
        if self.pending is not None and self._old:
            await _wait(store.delete(self._old))
        if self.pending == "" and self._id and not self._new:
            await _wait(store.delete(self._id))
        if self.pending:
            # The time may have run out while the request was handled.
            seconds = max(1, self.end - now())
            if self._text is None:
                kept = await _wait(store.touch(self._id, seconds))
            else:
                kept = await _wait(store.save(self._id, self._text, seconds, self._new))
            if not kept:
                # Another request has deleted it while this one was under way; it stays deleted.
                self.pending = ""
        await super().finish(request, response)


async def close(store: "Any") -> None:
    """Close a store, if it can be closed.

    :param store: the store.
    """
    if hasattr(store, "close"):
        await _wait(store.close())


def _awaitable(result: "Any") -> bool:
    return hasattr(result, "send") or hasattr(result, "__await__")


async def _wait(result: "Any") -> "Any":
    return await result if _awaitable(result) else result
