"""Multipart bodies (RFC 2046 section 5.1). Sans-IO: no await, no socket, no clock."""

from microdot.errors import HTTPException

# Where the parser is: before the first delimiter, in the headers of a part, where its content begins,
# in its content, at the end of it, behind the closing delimiter.
_PREAMBLE, _HEADERS, _BEGIN, _CONTENT, _ENDED, _DONE = range(6)

#: The most white space behind a boundary, in bytes (RFC 2046 5.1.1: transport padding).
MAX_PADDING = 256


class Parser:
    """Cuts a multipart body into events; it makes no difference where the input is cut.

    It holds what was fed last, and of what came before no more than a delimiter line or an
    incomplete header block. A line that only begins like a delimiter is content.

    :param boundary: the boundary parameter of the Content-Type field, checked.
    :param max_parts: the most parts.
    :param max_header_size: the longest header block of a part, in bytes.
    """

    #: Kinds of events: a part begins, a piece of its content, its end, the end of the form.
    PART = 0
    DATA = 1
    PART_END = 2
    FORM_END = 3

    def __init__(self, boundary: str, max_parts: int, max_header_size: int) -> None:
        self._delimiter = b"\r\n--" + boundary.encode()
        self._max_parts = max_parts
        self._max_header_size = max_header_size
        # The first delimiter may be the first line, which no line end comes before.
        self._buffer = b"\r\n"
        self._position = 0
        self._state = self._next = _PREAMBLE
        # Something was in the preamble.
        self._strange = False
        #: How many parts have begun.
        self.parts = 0

    @property
    def done(self) -> bool:
        """Whether the closing delimiter has been seen; what follows it is of no interest."""
        return self._state == _DONE

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body, best when ``next_event`` has returned None.

        :raises HTTPException: 400 for no bytes, the end of the input before the end of the form.
        """
        if not data:
            raise HTTPException(
                400, "Multipart form: the body ends before its closing boundary; send all of it"
            )
        rest = self._buffer[self._position :]
        self._buffer = rest + data if rest else data
        self._position = 0

    def next_event(self) -> "tuple[int, bytes] | None":
        """Return the next (kind, bytes), None when more bytes are needed.

        The bytes are the header block for PART, content for DATA, empty for the others.

        :raises HTTPException: 400, the body is malformed; 413, a limit is exceeded.
        """
        if self._state == _PREAMBLE:
            if self._take().strip():
                self._strange = True
            if self._state == _PREAMBLE:
                return None
            self._state = self._next
            if self._state == _DONE and self._strange:
                raise HTTPException(
                    400, "Multipart form: no part, but text before the closing boundary"
                )
        if self._state == _DONE:
            return self.FORM_END, b""
        if self._state == _HEADERS:
            block = self._headers()
            return None if block is None else (self.PART, block)
        if self._state == _BEGIN and not self._begin():
            return None
        if self._state == _CONTENT:
            data = self._take()
            if data:
                return self.DATA, data
            if self._state == _CONTENT:
                return None
        self._state = self._next
        return self.PART_END, b""

    def _take(self) -> bytes:
        # What certainly comes before the next delimiter; the state changes when that is found.
        buffer, start = self._buffer, self._position
        end = buffer.find(self._delimiter, start)
        while end >= 0:
            known = self._line_end(end + len(self._delimiter))
            if known is None:
                self._position = end
                return buffer[start:end]
            if known:
                return buffer[start:end]
            end = buffer.find(self._delimiter, end + 2)
        end = len(buffer)
        # Only the last CR can be where a delimiter begins: a boundary has none.
        tail = buffer.rfind(b"\r", max(start, end - len(self._delimiter) + 1))
        if tail >= 0 and self._delimiter.startswith(buffer[tail:]):
            end = tail
        self._position = end
        return buffer[start:end]

    def _line_end(self, start: int) -> "bool | None":
        # Whether what follows makes it a delimiter, None when that is not known yet.
        rest = self._buffer[start : start + MAX_PADDING + 2]
        if rest[:2] == b"--":
            # RFC 2046 5.1.1: close-delimiter. What comes behind it is not waited for.
            self._position = start + 2
            self._next = _DONE
        else:
            text = rest.lstrip(b" \t")
            if text[:2] != b"\r\n":
                short = len(rest) < MAX_PADDING + 2
                return None if short and (text in (b"", b"\r") or rest == b"-") else False
            # The line end stays: with it, an empty header block looks like any other.
            self._position = start + len(rest) - len(text)
            self._next = _HEADERS
        self._state = _ENDED
        return True

    def _headers(self) -> "bytes | None":
        buffer, start = self._buffer, self._position
        end = buffer.find(b"\r\n\r\n", start, start + self._max_header_size + 6)
        if end < 0:
            if len(buffer) - start >= self._max_header_size + 6:
                raise HTTPException(
                    413,
                    "Multipart form: the headers of part %d are longer than max_header_size, %d bytes"
                    % (self.parts + 1, self._max_header_size),
                )
            return None
        self.parts += 1
        if self.parts > self._max_parts:
            raise HTTPException(
                413, "Multipart form: more parts than max_parts, %d" % self._max_parts
            )
        self._position = end + 2
        self._state = _BEGIN
        return buffer[start + 2 : end]

    def _begin(self) -> bool:
        # The empty line itself may be the beginning of the delimiter: a part without content.
        head = self._buffer[self._position : self._position + len(self._delimiter)]
        known: "bool | None" = False
        if head == self._delimiter:
            known = self._line_end(self._position + len(head))
        elif self._delimiter.startswith(head):
            known = None
        if known is False:
            self._position += 2
            self._state = _CONTENT
        return known is not None
