"""A WebSocket client that is nothing but sockets and the figure in RFC 6455 5.2."""

import contextlib
import struct

from harness import get

# The example of RFC 6455 1.3.
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def handshake(path="/echo", **changes):
    fields = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": KEY,
    }
    fields.update(changes)
    return get(path, **fields)


def frame(opcode, payload=b"", fin=True, mask=b"\x01\x02\x03\x04", flags=0):
    """Return a client's frame, built straight from the figure in RFC 6455 5.2."""
    head = bytes([(0x80 if fin else 0) | flags | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head += bytes([bit | len(payload)])
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", len(payload))
    if not mask:
        return head + payload
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class Client:
    """A connection after its handshake."""

    def __init__(self, served, path="/echo", first=b"", timeout=5, **changes):
        self.socket = served.connect(timeout)
        self.file = self.socket.makefile("rb")
        self.socket.sendall(handshake(path, **changes) + first)
        self.status = self.file.readline().decode().strip()
        self.headers = {}
        while True:
            line = self.file.readline().decode().strip()
            if not line:
                break
            name, _, value = line.partition(": ")
            self.headers[name] = value

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.file.close()
        self.socket.close()

    def send(self, *args, **options):
        self.socket.sendall(frame(*args, **options))

    def read(self):
        """Return (first byte, payload) of the next frame, None at the end."""
        head = self.file.read(2)
        if len(head) < 2:
            return None
        size = head[1]
        assert size < 128, "a server does not mask"
        if size == 126:
            (size,) = struct.unpack(">H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack(">Q", self.file.read(8))
        return head[0], self.file.read(size)

    def closed(self):
        """Return the code of the CLOSE that comes next, and make sure that nothing follows."""
        first, payload = self.read()
        assert first == 0x88, (first, payload)
        with contextlib.suppress(ConnectionResetError):
            self.send(8, payload[:2])
            assert self.read() is None
        return struct.unpack(">H", payload[:2])[0] if payload else None
