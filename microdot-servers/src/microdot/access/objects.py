"""A JSON object in a line (RFC 8259). What a client sent cannot begin a line of its own."""

import json
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The keys of an object, in order.
KEYS = (
    "time",
    "client",
    "method",
    "path",
    "protocol",
    "status",
    "bytes",
    "seconds",
    "referer",
    "agent",
)


def object_line(fields: "dict[str, Any]") -> str:
    """Return the fields as a JSON object (RFC 8259) in one line of ASCII."""
    t = time.gmtime(fields["time"])
    parts = []
    for key in KEYS:
        value = fields[key]
        if key == "time":
            value = "%04d-%02d-%02dT%02d:%02d:%02dZ" % (t[0], t[1], t[2], t[3], t[4], t[5])
        parts.append('"%s": %s' % (key, ascii_json(value)))
    return "{" + ", ".join(parts) + "}"


def ascii_json(value: "Any") -> str:
    """Return a value as JSON without a character outside printable ASCII."""
    text = json.dumps(value)
    out = []
    for char in text:
        code = ord(char)
        if 32 <= code < 127:
            out.append(char)
        elif code < 0x10000:
            out.append("\\u%04x" % code)
        else:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
    return "".join(out)
