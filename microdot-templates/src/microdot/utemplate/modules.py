"""The modules of templates, as files beside them; CPython's half is in ``cpython/modules.py``."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


def load_module(folder: str, name: str) -> "Any":
    """Return the names in a module, None when there is none.

    It is not kept as one: another folder may have one of its name, and it may change.

    :param folder: the folder it is in.
    :param name: its name.
    """
    # Asked first: what is no file may still be a module, a built-in one.
    if not any([is_file(folder + "/" + name + suffix) for suffix in (".py", ".mpy")]):
        return None
    known = sys.modules.pop(name, None)
    sys.path.insert(0, folder)
    try:
        return __import__(name).__dict__
    finally:
        sys.path.pop(0)
        sys.modules.pop(name, None)
        if known is not None:
            sys.modules[name] = known


def is_file(path: str) -> bool:
    """Tell whether a file is there."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def build(folder: str, name: str, sources: "Any", write: "Callable[[Any], None]") -> "Any":
    """Write a module and return the names in it.

    :param folder: the folder to write it to.
    :param name: its name.
    :param sources: the ``Sources`` that it is made from.
    :param write: called with the open file.
    :raises OSError: it cannot be written.
    """
    path = folder + "/" + name + ".py"
    with open(path + ".new", "w") as file:
        write(file)
    try:
        os.remove(path)
    except OSError:  # it is the first one
        pass
    os.rename(path + ".new", path)
    try:
        return load_module(folder, name)
    except Exception:
        # What is corrected within the same second would not be newer.
        os.remove(path)
        raise
