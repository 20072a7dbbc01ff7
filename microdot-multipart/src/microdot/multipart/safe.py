"""File names of clients, made fit for the file systems of this world."""

#: What a name becomes of which nothing is left.
NAMELESS = "upload"

_UNSAFE = '<>:"|?*%'
_DEVICES = ("con", "prn", "aux", "nul", "com", "lpt")


def _invisible(code: int) -> bool:
    # Control characters, and those that change the direction or hide in a name.
    return (
        code < 0x20
        or 0x7F <= code < 0xA0
        or 0x200B <= code <= 0x200F
        or 0x2028 <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or code == 0xFEFF
        or code == 0xAD
    )


def safe_filename(name: str, limit: int = 100) -> str:
    """Return the last part of a path, safe as the name of a new file in a folder.

    It has no separators, control characters, characters that Windows forbids, leading dots,
    or dots and spaces at the end; it is no name of a Windows device.

    :param name: a file name as a client sent it.
    :param limit: the most bytes of the result in UTF-8; the extension is kept.
    """
    name = name.replace("\\", "/").split("/")[-1]
    chars = []
    for char in name:
        if not _invisible(ord(char)):
            chars.append("_" if char in _UNSAFE else char)
    name = "".join(chars).lstrip(". ").rstrip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    room = limit - len((dot + extension).encode())
    while len(stem.encode()) > room:
        stem = stem[: max(room // 4, len(stem) - 1 - (len(stem.encode()) - room) // 4)]
    name = stem.rstrip(". ") + dot + extension if stem.rstrip(". ") else extension
    device = name.partition(".")[0].rstrip(" ").lower()
    if device[:3] in _DEVICES and (len(device) == 3) == (device[:3] not in ("com", "lpt")):
        if len(device) == 3 or len(device) == 4:
            name = "_" + name
    return name or NAMELESS
