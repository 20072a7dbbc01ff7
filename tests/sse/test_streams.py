"""Event streams over sockets, on both platforms."""

import contextlib
import json
import pathlib
import time

import pytest
from harness import PLATFORMS, get, request

APP = pathlib.Path(__file__).with_name("sse_app.py")


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    server = PLATFORMS[request.param](app=APP)
    server.platform = request.param
    yield server
    state = server.ask(get("/")).body
    output = server.stop()
    assert json.loads(state)
    assert output.count("Traceback") == output.count("ValueError: on purpose"), output


class Stream:
    """A client that reads an event stream from its socket."""

    def __init__(self, served, path, timeout=10, version="1.1", **headers):
        self.socket = served.connect(timeout)
        self.socket.sendall(get(path, version=version, **headers))
        self.file = self.socket.makefile("rb")
        self.status = self.file.readline()
        self.headers = {}
        while True:
            line = self.file.readline().decode().strip()
            if not line:
                break
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.chunked = self.headers.get("transfer-encoding") == "chunked"

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.file.close()
        self.socket.close()

    def read(self):
        """Return the next piece, b"" at the end."""
        if not self.chunked:
            return self.file.readline() + self.file.readline()
        size = int(self.file.readline() or b"0", 16)
        data = self.file.read(size)
        self.file.readline()
        return data

    def read_until(self, end):
        data = b""
        while not data.endswith(end):
            piece = self.read()
            assert piece, data
            data += piece
        return data


def until(condition, seconds=5):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def state(served):
    return json.loads(served.ask(get("/")).body)


def test_a_stream_from_its_head_to_its_end(served):
    reply = served.ask(get("/count/3"))
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.complete
    assert reply.body == b"".join(
        b'id: %d\ndata: {"number": %d}\n\n' % (number, number) for number in range(3)
    )


def test_events_in_their_order_however_many(served):
    body = served.ask(get("/count/1000"), timeout=20).body
    numbers = [
        json.loads(line[6:])["number"] for line in body.split(b"\n") if line[:6] == b"data: "
    ]
    assert numbers == list(range(1000))


def test_a_client_of_http_1_0_gets_the_stream_too(served):
    with Stream(served, "/quiet", version="1.0") as stream:
        assert stream.read() == b"data: hello\n\n"


def test_the_connection_is_kept_after_a_stream(served):
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(get("/count/1"))
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += connection.recv(4096)
            assert data.count(b"HTTP/1.1 200 OK") == 1


def test_w_sse_02_a_client_that_leaves_ends_the_endpoint_at_once(served):
    with Stream(served, "/quiet") as stream:
        assert stream.read() == b"data: hello\n\n"
        assert state(served)["alive"] == 1
        started = time.monotonic()
    until(lambda: state(served)["alive"] == 0)
    assert time.monotonic() - started < 0.9


def test_w_sse_02_head_starts_no_endpoint(served):
    with served.connect() as connection:
        connection.sendall(request("HEAD", "/quiet") + get("/", Connection="close"))
        data = b""
        while True:
            piece = connection.recv(4096)
            if not piece:
                break
            data += piece
    assert data.count(b"HTTP/1.1 200 OK") == 2
    assert json.loads(data.rpartition(b"\r\n")[2])["alive"] == 0


def test_w_sse_03_a_client_that_reads_nothing_fills_a_bounded_queue(served):
    with Stream(served, "/flood"):
        time.sleep(0.3)
        for _ in range(3):
            assert state(served)["alive"] == 1
    until(lambda: state(served)["alive"] == 0)


def test_a_quiet_stream_is_kept_alive(served):
    with Stream(served, "/beat") as stream:
        assert stream.read() == b"data: hello\n\n"
        started = time.monotonic()
        assert [stream.read() for _ in range(3)] == [b":\n\n"] * 3
        assert 0.4 < time.monotonic() - started < 4


def test_a_group_reaches_all_and_drops_who_has_left(served):
    with Stream(served, "/join") as one:
        with Stream(served, "/join") as two:
            for stream in (one, two):
                assert stream.read_until(b"welcome\n\n") == b"event: welcome\ndata: welcome\n\n"
            assert json.loads(served.ask(get("/say/hi")).body) == {"taken": 2}
            for stream in (one, two):
                assert stream.read_until(b"data: hi\n\n").startswith(b"event: said\nid: ")
        until(lambda: state(served)["members"] == 1)
        assert json.loads(served.ask(get("/say/again")).body) == {"taken": 1}
        last = one.read_until(b"again\n\n").split(b"id: ")[1].split(b"\n")[0].decode()
    until(lambda: state(served)["members"] == 0)
    served.ask(get("/say/missed"))
    with Stream(served, "/join", Last_Event_ID=last) as back:
        data = back.read_until(b"welcome\n\n")
        assert data.count(b"data: missed\n\n") == 1
        assert data.count(b"data: again\n\n") == 0


def test_an_exception_cuts_the_stream(served):
    with Stream(served, "/fail") as stream:
        assert stream.read() == b"data: before\n\n"
        with contextlib.suppress(ConnectionResetError):
            assert stream.file.read() == b""
    assert state(served)["alive"] == 0


def test_what_clients_do_is_no_traceback(served):
    for path in ("/flood", "/quiet", "/count/100000"):
        for _ in range(5):
            with Stream(served, path) as stream:
                stream.read()
    until(lambda: state(served)["alive"] == 0)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_shutdown_does_not_wait_for_streams(platform):
    server = PLATFORMS[platform](app=APP)
    try:
        with Stream(server, "/quiet") as quiet, Stream(server, "/join") as member:
            quiet.read()
            member.read_until(b"welcome\n\n")
            started = time.monotonic()
            server.ask(get("/stop"))
            assert quiet.read() == b""
            assert member.read() == b""
            server.wait(10)
            assert time.monotonic() - started < 4
            assert server.process.returncode == 0
    finally:
        if server.process.poll() is None:
            server.stop()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_client_that_takes_nothing_is_cut_in_time(platform):
    server = PLATFORMS[platform]("write_timeout=1", app=APP)
    try:
        with Stream(server, "/flood"):
            until(lambda: state(server)["alive"] == 0, 8)
    finally:
        server.stop()
