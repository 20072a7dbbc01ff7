"""Sessions that the server keeps; the cookie is the signed name of one."""

import json
import os
from binascii import hexlify

from .cookie import read, write
from .tokens import check_json, now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .data import SessionDict
    from .plugin import Session


def load_now(session: "Session", data: "SessionDict") -> None:
    """Fill the session of a request from a store that answers at once.

    :raises RuntimeError: the store is asynchronous.
    """
    result = _ask(session, data)
    if hasattr(result, "send") or hasattr(result, "__await__"):
        if hasattr(result, "close"):
            result.close()
        data.id = data.start = data.pending = None
        raise RuntimeError(
            "%s has to be awaited: use @with_session, or `await session.load(request)` before "
            "session.get(request)" % type(session.store).__name__
        )
    _fill(session, data, result)


async def load(session: "Session", data: "SessionDict") -> None:
    """Fill the session of a request from its store."""
    result = await _wait(_ask(session, data))
    if not data.loaded:  # by somebody else, meanwhile
        _fill(session, data, result)


def _ask(session: "Session", data: "SessionDict") -> "Any":
    name = read(session, data).get("jti")
    data.id = name if isinstance(name, str) else None
    return session.store.load(data.id) if data.id else None


def _fill(session: "Session", data: "SessionDict", text: "Any") -> None:
    data.loaded = True
    content = json.loads(text) if text else None
    if content is None:
        # Deleted or expired; what is saved from now on is another session.
        data.id = data.start = data.pending = None
    else:
        data.update(content)


def prepare(session: "Session", data: "SessionDict", payload: "dict[str, Any]") -> None:
    """Let the response bring the cookie for a session that is to be kept.

    :param session: the plugin.
    :param data: the session of the request.
    :param payload: its content.
    :raises TypeError: there is something in it that JSON cannot hold.
    """
    check_json(payload, "")
    data.text = json.dumps(payload)
    if data.id is None:
        data.id = hexlify(os.urandom(16)).decode()
        data.new = True
    write(session, data, {"jti": data.id})


async def commit(session: "Session", data: "SessionDict") -> None:
    """Do in the store what is queued."""
    store = session.store
    if data.old_id:
        await _wait(store.delete(data.old_id))
    if not data.pending:
        if data.id and not data.new:
            await _wait(store.delete(data.id))
        return
    seconds = data.end - now()
    if data.text is None:
        kept = await _wait(store.touch(data.id, seconds))
    else:
        kept = await _wait(store.save(data.id, data.text, seconds, data.new))
    if not kept:
        # Deleted by another request while this one was under way; it stays so.
        data.pending = ""


async def _wait(result: "Any") -> "Any":
    if hasattr(result, "send") or hasattr(result, "__await__"):
        result = await result
    return result
