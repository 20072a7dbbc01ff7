"""Events as bytes (WHATWG HTML, section 9.2.5). No input or output here."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The longest time to come back after, in seconds; about 24 days, what a browser's timer can hold.
MAX_RETRY = 2147483


def encode_event(
    data: "Any",
    event: "str | None" = None,
    event_id: "Any" = None,
    retry: "float | None" = None,
    comment: bool = False,
) -> bytes:
    """Return an event as it is sent.

    :param data: text, bytes, a dictionary or list for JSON, or an object that is sent as ``str(data)``;
                 one line of data for each of its lines.
    :param event: the type of the event, None or "" for none.
    :param event_id: the id, "" to reset it, None for none.
    :param retry: seconds, None for none.
    :param comment: send the data as a comment; the other parameters have no effect.
    :raises ValueError: a line break or NUL in ``event`` or ``event_id``, or a ``retry`` out of range.
    """
    if isinstance(data, (dict, list)):
        data = json.dumps(data)
    if isinstance(data, (bytes, bytearray, memoryview)):
        data = bytes(data)
    else:
        data = str(data).encode()
    if data.find(b"\n") >= 0 or data.find(b"\r") >= 0:
        lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    else:
        lines = [data]
    if comment:
        return b": " + b"\n: ".join(lines) + b"\n\n"  # type: ignore[no-any-return]
    head = b""
    if retry is not None:
        if not isinstance(retry, (int, float)) or not 0 <= retry <= MAX_RETRY:
            raise ValueError(
                "retry=%r is no number of seconds from 0 to %d; give the time after which the client "
                "is to connect again" % (retry, MAX_RETRY)
            )
        head = b"retry: %d\n" % int(retry * 1000 + 0.5)
    if event:
        head += b"event: %s\n" % _field("event", event)
    if event_id is not None:
        head += b"id: %s\n" % _field("event_id", event_id)
    return head + b"data: " + b"\ndata: ".join(lines) + b"\n\n"  # type: ignore[no-any-return]


def _field(name: str, value: "Any") -> bytes:
    text = str(value)
    for char in "\r\n\0":
        if char in text:
            raise ValueError(
                "%s=%r contains a line break or NUL, which would end it for the client; "
                "put such text into the data" % (name, value)
            )
    return text.encode()
