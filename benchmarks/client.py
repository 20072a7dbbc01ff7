"""HTTP requests as bytes, and a blocking client that sends and reads them."""

from __future__ import annotations

import socket
import subprocess
import time

#: What a request carries besides its first line; the same bytes for every contestant.
HEADERS = (
    b"Host: 127.0.0.1\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Encoding: gzip, deflate\r\n"
)


def request(path: str, body: bytes = b"", close: bool = False) -> bytes:
    """Return a GET request, or a POST request when there is a body."""
    head = b"%s %s HTTP/1.1\r\n" % (b"POST" if body else b"GET", path.encode()) + HEADERS
    if body:
        head += b"Content-Type: application/octet-stream\r\nContent-Length: %d\r\n" % len(body)
    if close:
        head += b"Connection: close\r\n"
    return head + b"\r\n" + body


def connect(port: int, timeout: float = 10) -> socket.socket:
    """Connect to a server on this machine."""
    connection = socket.create_connection(("127.0.0.1", port), timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def wait_until_served(
    port: int, timeout: float, alive: subprocess.Popen[str] | None = None
) -> socket.socket:
    """Return a connection as soon as the port is listened at.

    :param port: the port.
    :param timeout: how many seconds are waited.
    :param alive: a process; when it has ended there is nothing to wait for.
    :raises ConnectionError: nobody listens.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            return connect(port)
        except OSError:
            ended = alive is not None and alive.poll() is not None
            if ended or time.monotonic() > deadline:
                reason = "the server has ended" if ended else "nobody listens at port %d" % port
                raise ConnectionError(reason) from None
        time.sleep(0.01)


def free_port() -> int:
    """Return a port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read_response(connection: socket.socket) -> tuple[bytes, bytes]:
    """Return head and body of a response with a ``Content-Length``.

    :raises ConnectionError: the peer closed before its end.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    size = content_length(head)
    if size < 0:
        raise ConnectionError("a response without Content-Length")
    parts, have = [body], len(body)
    while have < size:
        parts.append(_some(connection))
        have += len(parts[-1])
    return head, b"".join(parts)


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the peer closed the connection")
    return data


def content_length(head: bytes) -> int:
    """Return the ``Content-Length`` of a response head, -1 without one."""
    lower = head.lower()
    start = lower.find(b"\r\ncontent-length:")
    if start < 0:
        return -1
    return int(lower[start + 17 :].split(b"\r\n", 1)[0])


def ask(port: int, count: int, keep_alive: bool, first: socket.socket) -> int:
    """Send requests for ``/`` one after the other; return how many got their 200.

    :param port: the port of the server.
    :param count: how many requests.
    :param keep_alive: all on one connection, or each on its own.
    :param first: a connection that is used for the first one.
    """
    data = request("/", close=not keep_alive)
    connection, answered = first, 0
    try:
        while answered < count:
            connection.sendall(data)
            head, body = read_response(connection)
            if not head.startswith(b"HTTP/1.1 200 ") or body != b"Hello, World!":
                break
            answered += 1
            if not keep_alive and answered < count:
                connection.close()
                connection = connect(port, connection.gettimeout() or 10)
    except OSError:  # the server gave up: that is the result
        pass
    finally:
        connection.close()
    return answered


class Load:
    """Keeps a number of connections busy, one request at a time on each: no pipelining.

    All of them send, then all of them receive, so that a server finds as much work at once
    whatever its speed.

    :param port: the port of the server.
    :param data: the request.
    :param connections: how many.
    :param close: one connection for each request.
    """

    def __init__(self, port: int, data: bytes, connections: int, close: bool) -> None:
        self.port = port
        self.data = data
        self.close_each = close
        self.connections = connections
        self._open: list[socket.socket] = []

    def run(self, count: int) -> bytes:
        """Send at least ``count`` requests, a whole number per connection; return the last body.

        :raises ConnectionError: a response is not a complete 200.
        """
        body = b""
        for _ in range(self.rounds(count)):
            while len(self._open) < self.connections:
                self._open.append(connect(self.port))
            for connection in self._open:
                connection.sendall(self.data)
            kept = []
            for connection in self._open:
                body, keep = self._receive(connection)
                if keep:
                    kept.append(connection)
                else:
                    connection.close()
            self._open = kept
        return body

    def rounds(self, count: int) -> int:
        """Return how many requests each connection sends of ``count``."""
        return -(-count // self.connections)

    def _receive(self, connection: socket.socket) -> tuple[bytes, bool]:
        data = _some(connection)
        end = data.find(b"\r\n\r\n")
        while end < 0:
            data += _some(connection)
            end = data.find(b"\r\n\r\n")
        head = data[:end]
        if head[9:12] != b"200":
            raise ConnectionError("not a 200: %r" % head)
        size = content_length(head)
        # Without a length the body ends with the connection.
        keep = size >= 0 and head[:8] == b"HTTP/1.1" and not self.close_each
        parts = [data[end + 4 :]]
        have = len(parts[0])
        while not keep or have < size:
            data = connection.recv(262144)
            if not data:
                break
            parts.append(data)
            have += len(data)
        if have < size or (size >= 0 and have > size):
            raise ConnectionError("%d bytes of a body of %d" % (have, size))
        return b"".join(parts), keep and b"\r\nconnection: close" not in head.lower()

    def close(self) -> None:
        """Close the connections."""
        while self._open:
            self._open.pop().close()
