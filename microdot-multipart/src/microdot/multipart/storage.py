"""``Storage``: a private folder for the temporary files of uploads."""

import os
from binascii import hexlify

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.files import create_file, create_folder
else:
    #: The folder on a board, below the one given.
    FOLDER = "multipart-tmp"

    def create_folder(parent: "str | None") -> str:
        """Return a folder for temporary files, emptied of what a reset may have left there."""
        path = parent + "/" + FOLDER if parent else FOLDER
        try:
            os.mkdir(path)
        except OSError:
            for name in os.listdir(path):
                os.remove(path + "/" + name)
        return path

    def create_file(path: str) -> "Any":
        """Return a new file, open for writing.

        :raises OSError: it exists.
        """
        try:
            return open(path, "xb")
        except (OSError, ValueError):
            pass
        # Not every port can create exclusively; then the random name has to be enough.
        try:
            os.stat(path)
        except OSError:
            return open(path, "wb")
        raise OSError(17, "file exists: " + path)


class Storage:
    """A folder for temporary files that nobody else can read, with names nobody can guess.

    It is made with the first file, and again when something has removed it.

    :param parent: the folder to make it in, None for the platform's usual place.
    """

    def __init__(self, parent: "str | None" = None) -> None:
        self._parent = parent
        self._folder: "str | None" = None

    def create(self) -> "tuple[str, Any]":
        """Return (path, file open for writing) of a new file.

        :raises OSError: there is no room, or no permission.
        """
        name = hexlify(os.urandom(16)).decode()
        if self._folder is not None:
            path = self._folder + "/" + name
            try:
                return path, create_file(path)
            except OSError as error:
                if error.args[0] not in (2, 13):
                    raise
        # No folder yet, or it was removed, or it belongs to the process this one came from.
        self._folder = create_folder(self._parent)
        path = self._folder + "/" + name
        return path, create_file(path)

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone is no error."""
        try:
            os.remove(path)
        except OSError:
            pass

    def close(self) -> None:
        """Remove the folder, if it is empty: another application may have files in it."""
        if self._folder is not None:
            try:
                os.rmdir(self._folder)
                self._folder = None
            except OSError:
                pass


# Where they are made -> the storage.
_storages: "dict[Any, Storage]" = {}


def storage_of(limits: "Any") -> Storage:
    """Return the storage of a plugin; plugins with the same ``temp_folder`` share one.

    :param limits: the ``Multipart`` plugin, None for the platform's usual place.
    """
    parent = limits.temp_folder if limits is not None else None
    if parent not in _storages:
        _storages[parent] = Storage(parent)
    if limits is not None:
        limits.storage = _storages[parent]
    return _storages[parent]
