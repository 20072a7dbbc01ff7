"""Pages of Jinja over sockets."""

import json
import pathlib
import time

import pytest
from harness import cpython, get

APP = pathlib.Path(__file__).with_name("jinja_app.py")


@pytest.fixture(scope="module")
def served():
    server = cpython(app=APP)
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


@pytest.mark.parametrize("path", ["/render", "/generate"])
def test_a_page(served, path):
    reply = served.ask(get(path + "?text=a%20%3Cb%3E"))
    assert (reply.status, reply.complete) == (200, True)
    assert reply.body == b"<h1>a &lt;b&gt;</h1>"


def test_a_stream_is_sent_while_it_is_rendered(served):
    with served.connect() as connection:
        connection.sendall(get("/rows/20"))
        data = b""
        while b"<li>" not in data:
            data += connection.recv(65536)
        assert b"19" not in data.partition(b"\r\n\r\n")[2]
        while not data.endswith(b"0\r\n\r\n"):
            data += connection.recv(65536)
    assert b"19" in data


def test_a_client_that_leaves_ends_the_template(served):
    before = json.loads(served.ask(get("/")).body)["closed"]
    with served.connect() as connection:
        connection.sendall(get("/rows/100000"))
        connection.recv(1000)
    end = time.monotonic() + 5
    while json.loads(served.ask(get("/")).body)["closed"] == before:
        assert time.monotonic() < end, "the template goes on"
        time.sleep(0.05)
