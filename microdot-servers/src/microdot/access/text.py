"""A line of text. What a client sent cannot begin a line of its own."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def escape(text: "Any") -> str:
    """Return text for a log: printable ASCII, everything else as an escape of Python's.

    Quotes and backslashes are escaped, too, so that a reader can undo it; ``-`` is nothing.
    """
    if text is None or text == "":
        return "-"
    out = []
    for char in str(text):
        code = ord(char)
        if char in '"\\':
            out.append("\\" + char)
        elif 32 <= code < 127:
            out.append(char)
        elif code < 256:
            out.append("\\x%02x" % code)
        else:
            out.append(("\\u%04x" if code < 0x10000 else "\\U%08x") % code)
    return "".join(out)


def word(text: "Any") -> str:
    """Return text as one word."""
    return escape(text).replace(" ", "\\x20")


def number(value: "Any", form: str = "%d") -> str:
    """Return a number, ``-`` for None."""
    return "-" if value is None else form % value


def combined(fields: "dict[str, Any]") -> str:
    """Return a line in the combined log format, with the seconds it took at the end."""
    t = time.gmtime(fields["time"])
    month = MONTHS[t[1] * 3 - 3 : t[1] * 3]
    when = "%02d/%s/%04d:%02d:%02d:%02d +0000" % (t[2], month, t[0], t[3], t[4], t[5])
    first = "-"
    if fields["method"] is not None:
        first = " ".join([word(fields[key]) for key in ("method", "path", "protocol")])
    return '%s - - [%s] "%s" %s %s "%s" "%s" %s' % (
        word(fields["client"]),
        when,
        first,
        number(fields["status"]),
        number(fields["bytes"]),
        escape(fields["referer"]),
        escape(fields["agent"]),
        number(fields["seconds"], "%.3f"),
    )
