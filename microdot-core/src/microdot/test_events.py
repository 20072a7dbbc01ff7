"""Reading ``text/event-stream`` bodies in tests (WHATWG HTML, section 9.2.6). No input or output here."""

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class EventParser:
    """Turns the bytes of an event stream into events.

    Each event is a dictionary with ``data`` (bytes), ``data_json`` (parsed, or None), ``event`` and
    ``event_id`` (text, or None) and ``retry`` (seconds, or None). Comments and events without data
    are left out, and so is an event that the stream ends in.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._after_cr = False
        self._lines: "list[bytes]" = []
        self._event: "dict[str, Any]" = {}
        self._first = True

    def feed(self, data: bytes) -> "list[dict[str, Any]]":
        """Take bytes of the stream, and return the events that they complete.

        :param data: the next bytes, however the stream was cut.
        :raises UnicodeError: a line that was completed is not UTF-8.
        """
        if data and self._after_cr:
            self._after_cr = False
            if data[:1] == b"\n":
                data = data[1:]
        if data[-1:] == b"\r":
            # It ends the line; a line feed that may follow belongs to it.
            self._after_cr = True
        lines = (self._rest + data).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop()
        events: "list[dict[str, Any]]" = []
        for line in lines:
            if self._first:
                self._first = False
                if line[:3] == b"\xef\xbb\xbf":
                    line = line[3:]
            if line:
                self._field(line)
            else:
                if self._lines:
                    events.append(self._finish())
                self._lines = []
                self._event = {}
        return events

    def _field(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        text = value.decode()
        if field == b"data":
            self._lines.append(value)
        elif field == b"event":
            self._event["event"] = text
        elif field == b"id" and "\0" not in text:
            self._event["event_id"] = text
        elif field == b"retry" and text and all([digit in "0123456789" for digit in text]):
            self._event["retry"] = int(text) / 1000

    def _finish(self) -> "dict[str, Any]":
        data = b"\n".join(self._lines)
        try:
            parsed = json.loads(data.decode())
        except ValueError:
            parsed = None
        event = {"event": None, "event_id": None, "retry": None}
        event.update(self._event)
        event["data"] = data  # type: ignore[assignment]
        event["data_json"] = parsed
        return event


def parse_events(text: "str | bytes") -> "list[dict[str, Any]]":
    """Return the events of a whole stream; see ``EventParser``.

    :param text: the stream.
    """
    return EventParser().feed(text.encode() if isinstance(text, str) else text)
