"""The client of the suite: a socket, and what can be read from it."""

import contextlib
import itertools
import os
import time

from harness import Reply, get, request

__all__ = ["Connection", "Stream", "get", "key", "request", "until"]

_numbers = itertools.count(1)


def key():
    """Return a new name under which the application notes what it saw."""
    return "%x-%d" % (os.getpid(), next(_numbers))


def until(condition, seconds=5):
    """Wait for a condition to become true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not happened in %s seconds" % seconds
        time.sleep(0.02)


class Connection:
    """A connection to a server, for any number of requests."""

    def __init__(self, served, timeout=10):
        self.socket = served.connect(timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def close(self):
        """Go away."""
        self.file.close()
        self.socket.close()

    def makefile(self, mode):
        """Return the one file, so that no reply takes what belongs to the next."""
        return self.file

    def send(self, *pieces, delay=0.0):
        """Send bytes, in pieces with a pause between them."""
        for number, piece in enumerate(pieces):
            if number and delay:
                time.sleep(delay)
            self.socket.sendall(piece)

    def reply(self, head=False):
        """Return the next response that is final, and count the interim ones in ``continues``."""
        reply = Reply(self, head)
        continues = 0
        while reply.status < 200 and reply.status != 101:
            continues += 1
            reply = Reply(self, head)
        reply.continues = continues
        return reply

    def ask(self, data, head=False):
        """Send a request; return the response to it."""
        self.send(data)
        return self.reply(head)

    def at_end(self):
        """Tell whether the server has closed; wait for it or for more bytes."""
        with contextlib.suppress(ConnectionResetError):
            return self.file.read(1) == b""
        return True


class Stream(Connection):
    """A response that is read while it is being sent: ``status``, ``headers``, ``read_until()``."""

    def __init__(self, served, data, timeout=10):
        super().__init__(served, timeout)
        self.send(data)
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while True:
            line = self.file.readline().decode("latin-1").rstrip("\r\n")
            if not line:
                break
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.chunked = self.headers.get("transfer-encoding") == "chunked"
        self.content = b""

    def read(self):
        """Return the next piece of the content, b"" at its end."""
        if not self.chunked:
            return self.file.read1(65536)
        size = int(self.file.readline() or b"0", 16)
        data = self.file.read(size)
        self.file.readline()
        return data

    def read_until(self, end):
        """Read until the content that has come ends with these bytes; return all of it."""
        while not self.content.endswith(end):
            piece = self.read()
            assert piece, "the stream has ended after %r" % self.content[-100:]
            self.content += piece
        return self.content
