"""``app.static()``: the files of a folder, for names that clients choose."""

import os

from .errors import HTTPException
from .files import DIRECTORY, accepted
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

#: Suffixes of compressed siblings, and the content coding of each, the best first.
ENCODINGS = ((".br", "br"), (".gz", "gzip"))


def safe_join(folder: str, path: str) -> "str | None":
    """Return the path of a file below a folder, None when ``path`` would lead out of it.

    :param folder: the folder.
    :param path: a relative path with ``/`` between its parts, as clients send it.
    """
    parts = path.split("/")
    for part in parts:
        # A backslash or colon separates on some systems, a NUL ends names on others.
        if part in ("", ".", "..") or "\\" in part or "\0" in part or ":" in part:
            return None
    return folder + "/" + "/".join(parts)


def static_route(
    app: "Any",
    url_prefix: str,
    folder: str,
    max_age: "int | None" = None,
    index: "str | None" = "index.html",
    precompressed: bool = True,
    hidden: bool = False,
) -> "Callable[..., Any]":
    """Register a route that serves the files of a folder.

    :param app: the application.
    :param url_prefix: what the paths begin with, for example ``"/static"``.
    :param folder: the folder; nothing outside it is served.
    :param max_age: seconds that caches may keep the files.
    :param index: the file that stands for a folder; None for no such file.
    :param precompressed: send ``name.br`` or ``name.gz`` in place of ``name`` to clients that
        accept it, where it exists.
    :param hidden: serve files whose name, or folder's name, begins with a dot.
    :returns: the handler.
    """
    prefix = url_prefix if url_prefix[-1:] == "/" else url_prefix + "/"
    if folder[-1:] == "/":
        folder = folder[:-1]

    async def static(request: "Any", path: str = "") -> Response:
        name = path
        if index is not None and (not name or name[-1:] == "/"):
            name += index
        full = safe_join(folder, name)
        if full is None or not hidden and (name[:1] == "." or "/." in name):
            raise HTTPException(404, "Not found")
        if precompressed:
            found = [(suffix, coding) for suffix, coding in ENCODINGS if _exists(full + suffix)]
            accept = request.headers.get("Accept-Encoding", "") if found else ""
            for suffix, coding in found:
                if accepted(accept, coding):
                    return Response.send_file(
                        full, compressed=coding, file_extension=suffix, max_age=max_age
                    )
            if found:
                from .automatic import merge_vary

                response = Response.send_file(full, max_age=max_age)
                merge_vary(response, ["Accept-Encoding"])
                return response
        return Response.send_file(full, max_age=max_age)

    app.get(prefix + "<path:path>")(static)
    if index is not None:
        app.get(prefix)(static)
    return static


def _exists(path: str) -> bool:
    try:
        return os.stat(path)[0] & 0xF000 != DIRECTORY
    except (OSError, ValueError):
        return False
