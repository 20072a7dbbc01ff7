"""The temporary files of uploads on CPython: private, exclusive, gone at exit."""

import atexit
import os
import tempfile
from typing import BinaryIO, List, Optional, Tuple

#: The last folders made, and by which process; few, for one lasts as long as the process.
_folders: "List[Tuple[str, int]]" = []

_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)


def create_folder(parent: Optional[str]) -> str:
    """Return a new folder that only this user can enter (mode 0700).

    It is removed at exit, when it is empty then.

    :param parent: where to make it, None for the system's folder for temporary files.
    """
    path = os.path.abspath(tempfile.mkdtemp(prefix="microdot-multipart-", dir=parent))
    if not _folders:
        atexit.register(_remove_folders)
    _folders.append((path, os.getpid()))
    del _folders[:-16]
    return path


def _remove_folders() -> None:
    for path, process in _folders:
        if process == os.getpid():
            try:
                os.rmdir(path)
            except OSError:
                pass


def create_file(path: str) -> BinaryIO:
    """Return a new file for this user only (mode 0600), open for writing.

    :raises OSError: it exists, or cannot be made.
    """
    # Without a buffer of its own: pieces are large, and nothing is left to be flushed.
    return open(os.open(path, _FLAGS, 0o600), "wb", buffering=0)
