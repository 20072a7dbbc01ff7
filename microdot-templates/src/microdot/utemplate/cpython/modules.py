"""The modules of templates: run from memory, and kept as files beside them where that is possible.

They are not imported: that would need a folder on the path, and notices changes by the second.
"""

import contextlib
import io
import os
import tempfile
from typing import Any, Callable, Dict, Optional


def load_module(folder: str, name: str) -> "Optional[Dict[str, Any]]":
    """Return the names in a module, None when there is none.

    :param folder: the folder it is in.
    :param name: its name.
    """
    path = os.path.join(folder, name + ".py")
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except FileNotFoundError:
        return None
    return _run(text, path)


def build(folder: str, name: str, sources: Any, write: "Callable[[Any], None]") -> "Dict[str, Any]":
    """Make a module and return the names in it.

    :param folder: the folder to keep it in; nothing is kept when it cannot be written to.
    :param name: its name.
    :param sources: the ``Sources`` that it is made from.
    :param write: called with the open file.
    """
    file = io.StringIO()
    write(file)
    text = file.getvalue()
    path = os.path.join(folder, name + ".py")
    names = _run(text, path)
    with contextlib.suppress(OSError):
        _keep(text, path, max(stamp[0] for _, stamp in sources.stamps))
    return names


def _run(text: str, path: str) -> "Dict[str, Any]":
    names: "Dict[str, Any]" = {"__name__": os.path.basename(path)[:-3], "__file__": path}
    exec(compile(text, path, "exec"), names)
    return names


def _keep(text: str, path: str, time: int) -> None:
    # In one step, for other processes may be reading it. As old as the newest of its sources, so
    # that one that changes at any time after it was read is newer.
    number, new = tempfile.mkstemp(".new", dir=os.path.dirname(path))
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(new, 0o644)
        os.utime(new, ns=(time, time))
        os.replace(new, path)
    except OSError:
        os.unlink(new)
        raise
