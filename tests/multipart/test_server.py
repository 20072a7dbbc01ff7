"""Uploads over real sockets, on both platforms (contract section 28.6)."""

import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

import harness
import pytest
from harness import Reply, get, request

APP = pathlib.Path(__file__).with_name("app.py")
KIND = "multipart/form-data; boundary=boundary"
END = b"--boundary--\r\n"
#: Seconds; a server that spins would take all of the harness's time-out of 5.
SOON = 1.0


class Uploads(harness.Served):
    """The application, and the folder its temporary files are in."""

    def __init__(self, platform):
        self.platform = platform
        self.folder = tempfile.mkdtemp()
        if platform == "cpython":
            sources = [harness.ROOT / ("microdot-%s/src" % name) for name in ("core", "multipart")]
            command = [sys.executable]
            env = {"PYTHONPATH": os.pathsep.join(map(str, sources)), "PYTHONUNBUFFERED": "1"}
        else:
            from conftest import composed_tree, micropython_command

            command = [micropython_command("32"), "-X", "heapsize=256k"]
            env = {"MICROPYPATH": "%s:.frozen" % composed_tree()}
        super().__init__(command, env, self.folder, app=APP)

    def wait(self, timeout=10):
        """Wait for the end, and remove the folder."""
        try:
            return super().wait(timeout)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def post(self, path, body, kind=KIND):
        """Send a form, return the response."""
        return self.ask(request("POST", path, body=body, Content_Type=kind))

    def files(self):
        """Return the names of the temporary files there are."""
        return json.loads(self.ask(get("/files")).body)["files"]


@pytest.fixture(scope="module", params=sorted(harness.PLATFORMS))
def server(request):
    served = Uploads(request.param)
    yield served
    output = served.stop()
    assert "Traceback" not in output, output


def field(name, content):
    return b'--boundary\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (
        name,
        content,
    )


def file(name, content):
    head = b'--boundary\r\nContent-Disposition: form-data; name="%s"; filename="f.bin"\r\n' % name
    return head + b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n"


def test_fields_and_files(server):
    body = field(b"a", b"1") + file(b"f", b"x" * 100) + file(b"g", b"y" * 5000) + END
    reply = server.post("/form", body)
    assert json.loads(reply.body) == {"form": {"a": "1"}, "files": {"f": 100, "g": 5000}}
    assert server.files() == []


TRUNCATED = [b"", b"--", b"--boundary", b"--boundary\r\n", field(b"a", b"1"), b"x" * 3000]
TRUNCATED += [file(b"f", b"x" * 3000)[:-2], file(b"f", b"x" * 30000)]


@pytest.mark.parametrize("body", TRUNCATED, ids=len)
def test_w_mp_01_a_truncated_body_is_answered_at_once(server, body):
    begun = time.monotonic()
    length = str(len(body))
    reply = server.ask(
        request("POST", "/form", body=body, Content_Type=KIND, Content_Length=length)
    )
    assert reply.status == 400
    assert b"closing boundary" in reply.body
    assert time.monotonic() - begun < SOON
    assert server.ask(get("/")).body == b"hello"
    assert server.files() == []


def test_w_mp_01_other_clients_are_served_while_a_body_is_incomplete(server):
    with server.connect() as slow:
        data = request("POST", "/form", body=field(b"a", b"1") + END, Content_Type=KIND)
        slow.sendall(data[:-20])
        for _ in range(3):
            begun = time.monotonic()
            assert server.ask(get("/")).body == b"hello"
            assert time.monotonic() - begun < SOON
        slow.sendall(data[-20:])
        assert Reply(slow).status == 200


@pytest.mark.parametrize(
    "kind",
    [
        'multipart/form-data; boundary="boundary"',
        "Multipart/Form-Data;BOUNDARY=boundary; charset=utf-8",
    ],
)
def test_w_mp_02_quoted_boundaries_are_answered_at_once(server, kind):
    begun = time.monotonic()
    reply = server.post("/form", field(b"a", b"1") + END, kind)
    assert json.loads(reply.body)["form"] == {"a": "1"}
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize("end", [b"--boundary--", b"--boundary--\r\n"], ids=len)
def test_w_mp_04_nothing_is_waited_for_behind_the_final_boundary(server, end):
    body = file(b"f", b"x" * 20000) + end
    head = request("POST", "/skip", Content_Type=KIND, Content_Length=len(body) + 100)
    begun = time.monotonic()
    with server.connect() as connection:
        connection.sendall(head + body)
        reply = Reply(connection)
    assert json.loads(reply.body)["size"] == 20000
    assert time.monotonic() - begun < SOON


def test_w_mp_04_chunked_bodies_too(server):
    body = file(b"f", b"x" * 20000) + b"--boundary--"
    head = request("POST", "/skip", Content_Type=KIND, Transfer_Encoding="chunked")
    begun = time.monotonic()
    with server.connect() as connection:
        connection.sendall(head + b"%x\r\n%s\r\n" % (len(body), body))
        assert json.loads(Reply(connection).body)["size"] == 20000
    assert time.monotonic() - begun < SOON


def test_a_chunked_upload_in_small_chunks(server):
    body = file(b"f", b"x" * 200000) + END
    pieces = [body[i : i + 16] for i in range(0, len(body), 16)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    head = request("POST", "/skip", Content_Type=KIND, Transfer_Encoding="chunked")
    assert json.loads(server.ask(head + chunks + b"0\r\n\r\n", 20).body)["size"] == 200000


def test_the_connection_lasts(server):
    with server.connect() as connection:
        for i in range(5):
            body = field(b"a", b"%d" % i) + file(b"f", b"x" * 20000) + END
            connection.sendall(request("POST", "/form", body=body, Content_Type=KIND))
            answer = json.loads(Reply(connection).body)
            assert answer == {"form": {"a": str(i)}, "files": {"f": 20000}}


def test_an_upload_larger_than_the_memory_of_a_board(server):
    size = 2000000
    server.post("/skip", file(b"f", b"x" * 20000) + END)  # loads what is loaded on use
    data = request("POST", "/skip", body=file(b"f", b"x" * size) + END, Content_Type=KIND)
    answer = json.loads(server.ask(data, 60).body)
    assert answer["size"] == size
    assert answer["memory"] < 6144


def test_a_large_upload_is_saved(server):
    size = 1000000
    data = request("POST", "/save", body=file(b"f", b"x" * size) + END, Content_Type=KIND)
    assert json.loads(server.ask(data, 60).body)["size"] == size


def test_w_mp_08_a_client_that_leaves_leaves_no_file(server):
    data = request("POST", "/form", Content_Type=KIND, Content_Length=100000)
    deadline = time.monotonic() + 5
    with server.connect() as connection:
        connection.sendall(data + file(b"f", b"x" * 50000))
        while not server.files():
            assert time.monotonic() < deadline
    while server.files():
        assert time.monotonic() < deadline
    assert server.ask(get("/")).body == b"hello"


def test_w_mp_08_a_client_that_stops_sending_is_408_and_leaves_no_file(server):
    data = request("POST", "/form", Content_Type=KIND, Content_Length=100000)
    with server.connect(10) as connection:
        connection.sendall(data + file(b"f", b"x" * 50000))
        assert Reply(connection).status == 408
    assert server.files() == []


def test_w_mp_11_too_many_parts_are_413(server):
    reply = server.post("/form", b"".join(file(b"f", b"x" * 2000) for _ in range(11)) + END)
    assert reply.status == 413
    assert b"max_parts, 10" in reply.body
    assert server.files() == []


def test_malformed_forms_are_never_more_than_an_error(server):
    whole = field(b"a", b"1") + file(b"f", b"y" * 30) + field(b"b", b"2") + END
    chance = random.Random(7578)
    seen = set()
    for _ in range(150):
        body = bytearray(whole)
        for _ in range(chance.randrange(1, 4)):
            i = chance.randrange(len(body))
            how = chance.randrange(3)
            if how == 0:
                body[i] = chance.randrange(256)
            elif how == 1:
                del body[i : i + chance.randrange(1, 20)]
            else:
                body[i:i] = chance.choice([b"\r\n", b"--boundary", b'"', b"\\", b";", b"\0", b"--"])
        reply = server.post("/form", bytes(body) + b"x")
        seen.add(reply.status)
        assert reply.status in (200, 400), bytes(body)
    assert seen == {200, 400}
    assert server.files() == []
    assert server.ask(get("/")).body == b"hello"
