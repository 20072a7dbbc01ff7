"""Reading ``text/event-stream`` bodies in tests (WHATWG HTML, section 9.2.6)."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def parse_events(text: str) -> "list[dict[str, Any]]":
    """Return the events of a stream; comments and events without data are left out.

    Each event has ``data`` (bytes), ``data_json`` (parsed, or None), ``event`` and ``event_id``
    (text, or None) and ``retry`` (seconds, or None).
    """
    events = []
    lines: "list[str]" = []
    event: "dict[str, Any]" = {"event": None, "event_id": None, "retry": None}
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if not line:
            if lines:
                data = "\n".join(lines)
                try:
                    parsed = json.loads(data)
                except ValueError:
                    parsed = None
                event["data"] = data.encode()
                event["data_json"] = parsed
                events.append(event)
            lines = []
            event = {"event": None, "event_id": None, "retry": None}
            continue
        name, _, value = line.partition(":")
        if value[:1] == " ":
            value = value[1:]
        if name == "data":
            lines.append(value)
        elif name == "event":
            event["event"] = value
        elif name == "id":
            event["event_id"] = value
        elif name == "retry" and value.isdigit():
            event["retry"] = int(value) / 1000
    return events
