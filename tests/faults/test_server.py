"""Contract section 28.2: connections, deadlines, shutdown."""

import json
import threading
import time

import harness
import pytest
from harness import Reply, get, read_all, request


def test_w_srv_01_a_silent_connection_is_closed(server):
    with server.connect() as connection:
        assert read_all(connection) == b""


def test_w_srv_01_an_unfinished_head_is_408(server):
    with server.connect() as connection:
        connection.sendall(b"GET / HTT")
        assert Reply(connection).status == 408


def test_w_srv_01_a_head_that_drips_is_408_too(server):
    with server.connect() as connection:
        begun = time.monotonic()
        reply = b""
        try:
            for byte in get("/", X="a" * 200):
                connection.sendall(bytes([byte]))
                connection.settimeout(0.1)
                try:
                    reply += connection.recv(1000)
                    break
                except TimeoutError:
                    continue
                except OSError as error:
                    if "timed out" not in str(error):
                        raise
        finally:
            connection.settimeout(5)
        assert reply.split()[1] == b"408"
        assert time.monotonic() - begun < 4


def test_w_srv_01_an_unfinished_body_is_408(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/echo", Content_Length="10") + b"12345")
        assert Reply(connection).status == 408


def test_w_srv_01_an_unfinished_streamed_body_is_408(server):
    with server.connect() as connection:
        connection.sendall(request("POST", "/upload", Content_Length="5000") + b"12345")
        assert Reply(connection).status == 408


def test_w_srv_01_an_idle_connection_is_closed(server):
    with server.connect() as connection:
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"
        assert read_all(connection) == b""


def test_w_srv_01_a_client_that_does_not_read_is_cut(server):
    with server.connect(10) as connection:
        connection.sendall(get("/flood"))
        time.sleep(2.5)
        reply = Reply(connection)
        assert not reply.complete


def test_w_srv_02_the_scheme_is_that_of_the_transport(server):
    assert json.loads(server.ask(get("/headers")).body)["scheme"] == "http"


def test_w_srv_03_shutdown_finishes_what_is_under_way(fresh):
    with fresh.connect() as idle, fresh.connect() as slow:
        idle.sendall(get("/"))
        assert Reply(idle).body == b"hello"
        slow.sendall(get("/slow"))
        time.sleep(0.1)
        assert fresh.ask(get("/shutdown")).body == b"bye"
        reply = Reply(slow)
        assert (reply.body, reply.headers["connection"]) == (b"slow", "close")
        assert read_all(idle) == b""
        fresh.wait(5)
    assert fresh.process.returncode == 0


def test_w_srv_03_an_endless_response_does_not_stop_the_shutdown(fresh):
    with fresh.connect() as connection:
        connection.sendall(get("/endless"))
        connection.recv(1000)
        fresh.ask(get("/shutdown"))
        fresh.wait(6)
    assert fresh.process.returncode == 0


def test_w_srv_06_a_failing_handler_gets_a_500_and_one_record(fresh):
    with fresh.connect() as connection:
        connection.sendall(get("/fail"))
        reply = Reply(connection)
        assert (reply.status, reply.body) == (500, b"Internal server error")
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"
    output = fresh.stop()
    assert output.count("RuntimeError: on purpose") == 1
    assert output.count("Traceback") == 1
    assert "GET /fail" in output


def test_w_srv_06_what_cannot_be_sent_is_a_500(server):
    for path in ("/bad-header", "/bad-type", "/bad-reason", "/not-sendable"):
        reply = server.ask(get(path))
        assert reply.status == 500, path
        assert "x-injected" not in reply.headers


def test_a_hook_may_put_text_in_the_body(server):
    assert server.ask(get("/hook")).body == b"from a hook"


def test_w_srv_07_a_small_response_is_one_write():
    import asyncio

    from microdot import Microdot
    from microdot.cpython.protocol import HTTPProtocol
    from microdot.cpython.server import ProtocolServer

    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        return {"a": 1}, {"X": "y"}

    class Transport(asyncio.Transport):
        writes = []

        def write(self, data):
            self.writes.append(bytes(data))

        def get_extra_info(self, name, default=None):
            return default

    async def main():
        server = ProtocolServer(app)
        server.loop = asyncio.get_running_loop()
        protocol = HTTPProtocol(server)
        # As the event loop calls them: not from within a task.
        server.loop.call_soon(protocol.connection_made, Transport())
        server.loop.call_soon(protocol.data_received, get("/"))
        server.loop.call_soon(protocol.connection_lost, None)
        await asyncio.sleep(0.05)

    asyncio.run(main())
    assert len(Transport.writes) == 1
    assert Transport.writes[0].endswith(b'\r\n\r\n{"a": 1}')


def test_w_srv_08_connections_are_capped(fresh):
    connections = []
    for _ in range(30):
        connection = fresh.connect()
        connection.sendall(get("/"))
        assert Reply(connection).body == b"hello"
        connections.append(connection)
        time.sleep(0.01)
    # Full: the one that waits longest makes room.
    assert fresh.ask(get("/")).body == b"hello"
    assert read_all(connections[0]) == b""
    connections[15].sendall(get("/"))
    assert Reply(connections[15]).body == b"hello"
    for connection in connections:
        connection.close()


def test_w_srv_08_none_is_idle(fresh):
    connections = [fresh.connect() for _ in range(30)]
    for connection in connections:
        connection.sendall(get("/slow"))
    time.sleep(0.15)
    assert fresh.exchange(get("/")).split()[1] == b"503"
    for connection in connections:
        assert Reply(connection).body == b"slow"
        connection.close()


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n", b"GET", b"GET / HTTP/1.1\r\n", request("POST", "/echo", Content_Length="9") + b"x",
     request("POST", "/upload", Content_Length="5000") + b"x", get("/big"), get("/endless"),
     get("/slow"), get("/stream")],
)  # fmt: skip
def test_w_srv_09_a_client_that_vanishes_leaves_no_trace(fresh, data):
    connection = fresh.connect()
    connection.sendall(data)
    time.sleep(0.05)
    # SO_LINGER 0: the connection is reset.
    connection.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")
    connection.close()
    connection = fresh.connect()
    connection.sendall(data)
    connection.close()
    time.sleep(0.6)
    assert fresh.ask(get("/")).body == b"hello"
    assert fresh.stop() == ""


def test_w_srv_09_malformed_requests_leave_no_trace(fresh):
    for data in (b"x\r\n\r\n", get("/" + "a" * 3000), b"GET / HTTP/9.9\r\n\r\n"):
        assert fresh.exchange(data)
    assert fresh.stop() == ""


def test_a_stream_is_closed_when_the_client_leaves(server):
    before = len(json.loads(server.ask(get("/log")).body)["log"])
    with server.connect() as connection:
        connection.sendall(get("/endless"))
        connection.recv(1000)
    for _ in range(40):
        time.sleep(0.1)
        if len(json.loads(server.ask(get("/log")).body)["log"]) > before:
            return
    raise AssertionError("the stream was not closed")


def test_concurrent_requests(server):
    results = []

    def client():
        for _ in range(5):
            results.append(server.ask(get("/slow")).body)

    threads = [threading.Thread(target=client) for _ in range(8)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [b"slow"] * 40
    assert time.monotonic() - begun < 8


def test_the_output_is_quiet(fresh):
    for path in ("/", "/none", "/unknown", "/stream", "/generator"):
        fresh.ask(get(path))
    assert fresh.stop() == ""


def test_cpython_development_mode_has_nothing_to_say():
    served = harness.cpython(options=("-X", "dev", "-W", "error"))
    for path in ("/", "/stream", "/generator", "/slow", "/none"):
        served.ask(get(path))
    served.ask(request("POST", "/upload", body=b"x" * 5000))
    served.ask(get("/shutdown"))
    # On a busy machine asyncio's debug mode tells of callbacks that took long.
    lines = served.wait(8).splitlines()
    assert [line for line in lines if not line.startswith("Executing <")] == []
