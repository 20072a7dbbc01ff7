"""The WebSocket protocol (RFC 6455) without a transport: bytes in, messages out."""

from ._compat import Pieces, apply_mask, decode
from .errors import WebSocketError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CONT = 0
TEXT = 1
BINARY = 2
CLOSE = 8
PING = 9
PONG = 10


def encode_head(opcode: int, size: int, mask: int = 0, flags: int = 128) -> bytes:
    """Return the head of a frame (RFC 6455 5.2), without a masking key.

    :param opcode: what it is.
    :param size: the number of bytes of its payload.
    :param mask: 128 when a key follows, else 0.
    :param flags: FIN (128) and RSV1 (64).
    """
    if size < 126:
        return bytes((flags | opcode, mask | size))
    if size < 65536:
        return bytes((flags | opcode, mask | 126, size >> 8, size & 255))
    return bytes((flags | opcode, mask | 127)) + size.to_bytes(8, "big")


def encode_frame(
    opcode: int, payload: "Any", key: "bytes | None" = None, flags: int = 128
) -> bytes:
    """Return a frame.

    :param opcode: what it is.
    :param payload: its bytes.
    :param key: the masking key, four random bytes, for what a client sends; None for a server.
    :param flags: FIN (128) and RSV1 (64).
    """
    head = encode_head(opcode, len(payload), 128 if key else 0, flags)
    if key:
        payload = apply_mask(payload, key)
        head += key
    return b"".join((head, payload))


def encode_close(code: int, reason: str) -> bytes:
    """Return the payload of a CLOSE frame; the reason is cut to what fits (RFC 6455 5.5.1)."""
    text = reason.encode()[:123]
    while text:
        try:
            decode(text)
            break
        except UnicodeError:  # cut within a character
            text = text[:-1]
    return code.to_bytes(2, "big") + text


def decode_close(payload: bytes) -> "tuple[int, str]":
    """Return code and reason of a CLOSE frame, 1005 when it has none (RFC 6455 7.1.5).

    :raises WebSocketError: 1002 for a code that must not be sent, 1007 for bad UTF-8.
    """
    if not payload:
        return 1005, ""
    code = payload[0] << 8 | payload[1] if len(payload) > 1 else 0
    if not may_be_sent(code):
        raise WebSocketError(1002, "invalid close code")
    try:
        return code, decode(payload[2:])
    except UnicodeError:
        raise WebSocketError(1007, "close reason is no UTF-8")


def may_be_sent(code: int) -> bool:
    """Tell whether a close code may be in a CLOSE frame (RFC 6455 7.4, and its registry)."""
    if 1000 <= code <= 1014:
        return code not in (1004, 1005, 1006)
    return 3000 <= code <= 4999


class Protocol:
    """One end of a WebSocket connection, after the handshake.

    ``receive`` takes what has arrived, ``next_event`` gives what it means.

    :param max_message: the longest message in bytes, 0 for no limit.
    :param max_frame: the longest frame in bytes, 0 for no limit.
    :param client: this is the client's end: frames that arrive are not masked.
    :param deflate: what compresses and decompresses messages (RFC 7692), or None.
    """

    def __init__(
        self, max_message: int = 0, max_frame: int = 0, client: bool = False, deflate: "Any" = None
    ) -> None:
        self.max_message = max_message
        self.max_frame = max_frame
        self.client = client
        self.deflate = deflate
        #: The peer has sent its CLOSE; nothing after it counts.
        self.ended = False
        self._buffer = b""
        self._at = 0
        # The frame in progress: bytes of its payload still to come, -1 between two frames.
        self._left = -1
        self._opcode = 0
        self._fin = False
        self._key = b""
        # The message in progress.
        self._kind = 0
        self._packed = False
        self._size = 0
        self._pieces: "Any" = None

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if self._at < len(self._buffer):
            data = self._buffer[self._at :] + data
        self._buffer = data
        self._at = 0

    def next_event(self) -> "Any":
        """Return ``(opcode, data)`` of the next message or control frame, None for want of bytes.

        ``data`` is a str for TEXT, bytes for BINARY, PING and PONG, ``(code, reason)`` for CLOSE.

        :raises WebSocketError: the peer broke the protocol; its ``code`` is to be sent.
        """
        while not self.ended:
            if self._left < 0 and not self._head():
                return None
            buffer = self._buffer
            at = self._at
            left = self._left
            have = len(buffer) - at
            opcode = self._opcode
            if opcode > 7:
                if have < left:
                    return None
                self._at = at + left
                self._left = -1
                payload = buffer[at : at + left]
                if self._key:
                    payload = bytes(apply_mask(payload, self._key))
                if opcode == CLOSE:
                    self.ended = True
                    return CLOSE, decode_close(payload)
                return opcode, payload
            if have >= left:
                self._at = at + left
                self._left = -1
                piece: "Any" = buffer[at : at + left]
                if self._key:
                    piece = apply_mask(piece, self._key)
                if opcode and self._fin and not self._packed:
                    # Most messages are one frame that arrives in one piece.
                    self._kind = 0
                    if opcode == BINARY:
                        return BINARY, bytes(piece)
                    try:
                        return TEXT, decode(piece)
                    except UnicodeError:
                        raise WebSocketError(1007, "text is no UTF-8")
                message = self._collect(piece, self._fin)
                if message is not None:
                    return message
            else:
                if not have:
                    return None
                piece = buffer[at:]
                self._at = len(buffer)
                self._left = left - have
                if self._key:
                    piece = apply_mask(piece, self._key)
                    turn = have & 3
                    self._key = self._key[turn:] + self._key[:turn]
                # Not the beginning of the frame any more: what follows is collected, too.
                self._opcode = CONT
                self._collect(piece, False)
                return None
        return None

    def _head(self) -> bool:
        # Read the head of a frame; False for want of bytes.
        buffer = self._buffer
        at = self._at
        have = len(buffer) - at
        if have < 2:
            return False
        first = buffer[at]
        size = buffer[at + 1]
        masked = size > 127
        size &= 127
        opcode = first & 15
        need = 6 if masked else 2
        if size > 125:
            need += 2 if size == 126 else 8
        # What can be refused is refused before more is waited for.
        if first & 0x70 and not (
            first & 0x70 == 0x40 and self.deflate is not None and opcode in (TEXT, BINARY)
        ):
            raise WebSocketError(1002, "reserved bits set")
        if masked is self.client:
            raise WebSocketError(
                1002, "masked frame from a server" if masked else "unmasked frame from a client"
            )
        if opcode > 7:
            if opcode > PONG:
                raise WebSocketError(1002, "reserved opcode %d" % opcode)
            if first < 128 or size > 125:
                raise WebSocketError(1002, "control frame fragmented or longer than 125 bytes")
        elif opcode > BINARY:
            raise WebSocketError(1002, "reserved opcode %d" % opcode)
        elif (opcode == CONT) is (self._kind == 0):
            raise WebSocketError(
                1002, "nothing to continue" if opcode == CONT else "message within a message"
            )
        if have < need:
            return False
        at += 2
        if size == 126:
            size = buffer[at] << 8 | buffer[at + 1]
            at += 2
        elif size == 127:
            size = int.from_bytes(buffer[at : at + 8], "big")
            at += 8
            if size >> 63:
                raise WebSocketError(1002, "frame length with its highest bit set")
        if opcode < 8:
            if self.max_frame and size > self.max_frame:
                raise WebSocketError(1009, "frame longer than %d bytes" % self.max_frame)
            if opcode:
                self._kind = opcode
                self._packed = first & 0x40 != 0
                self._size = 0
            if self.max_message and not self._packed and self._size + size > self.max_message:
                raise self._too_long()
        if masked:
            self._key = buffer[at : at + 4]
            at += 4
        self._at = at
        self._left = size
        self._opcode = opcode
        self._fin = first > 127
        return True

    def _collect(self, piece: "Any", last: bool) -> "Any":
        # Add to the message in progress; return (opcode, data) when that was the last of it.
        if self._packed:
            most = self.max_message - self._size if self.max_message else 0
            piece = self.deflate.decompress(piece, last, most)
            if piece is None:
                raise self._too_long()
        self._size += len(piece)
        try:
            if self._pieces is None:
                self._pieces = Pieces(self._kind == TEXT)
            self._pieces.add(piece, max(self._left, 0))
            if not last:
                return None
            event = self._kind, self._pieces.join()
        except UnicodeError:
            raise WebSocketError(1007, "text is no UTF-8")
        except (MemoryError, OverflowError):
            raise WebSocketError(1009, "no memory for a message of this length")
        self._pieces = None
        self._kind = 0
        return event

    def _too_long(self) -> WebSocketError:
        return WebSocketError(1009, "message longer than %d bytes" % self.max_message)

    def encode(self, opcode: int, payload: "Any") -> "tuple[bytes, Any]":
        """Return head and payload of a server's frame, compressed where that was agreed."""
        flags = 128
        if self.deflate is not None and opcode < 8:
            payload = self.deflate.compress(payload)
            flags = 192
        return encode_head(opcode, len(payload), 0, flags), payload
