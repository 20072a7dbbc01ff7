"""Files on CPython's server: from memory, from the page cache, in pieces; never a stale one."""

import asyncio
import contextlib
import os

import pytest
from microdot import Microdot, Response, send_file
from microdot.cpython import files
from microdot.hooks import PluginError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "small.txt").write_bytes(b"first version")
    (tmp_path / "large.bin").write_bytes(os.urandom(3 * files.PIECE + 17))
    return tmp_path


def make_app(folder):
    app = Microdot(autoload=False)

    @app.get("/<name>")
    async def index(request, name):
        return send_file(str(folder / name))

    @app.get("/header/<name>")
    async def header(request, name):
        response = send_file(str(folder / name))
        response.headers["X-Number"] = request.args["n"]
        return response

    @app.get("/status/<name>")
    async def status(request, name):
        return Response.send_file(str(folder / name), status_code=203)

    return app


async def talk(app, steps):
    """Serve; make requests on one connection; return (head, body) of each."""
    server = await app.start_server("127.0.0.1", 0, start_serving=False)
    await server.start_serving()
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    out = []
    try:
        for step in steps:
            if callable(step):
                step()
                continue
            path, *fields = step if isinstance(step, tuple) else (step,)
            lines = ["GET %s HTTP/1.1" % path, "Host: x", *fields, "", ""]
            writer.write("\r\n".join(lines).encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = [line for line in head.splitlines() if line.startswith("Content-Length")]
            body = await reader.readexactly(int(length[0].split()[1])) if length else b""
            out.append((head, body))
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        tasks = app._runner._tasks
        app.shutdown()
        await asyncio.gather(*tasks)
    return out


def test_a_large_file_arrives_in_one_piece(folder):
    answers = asyncio.run(talk(make_app(folder), ["/large.bin"] * 2))
    content = (folder / "large.bin").read_bytes()
    assert [body for _, body in answers] == [content] * 2


def test_a_changed_file_is_sent_as_it_is(folder):
    def change():
        (folder / "small.txt").write_bytes(b"second")

    steps = ["/small.txt", "/small.txt", change, "/small.txt", "/small.txt"]
    answers = asyncio.run(talk(make_app(folder), steps))
    bodies = [body for _, body in answers]
    assert bodies == [b"first version"] * 2 + [b"second"] * 2
    heads = [head for head, _ in answers]
    assert heads[0] == heads[1] or "Date" in heads[0]
    etags = [line for head in heads for line in head.splitlines() if line.startswith("ETag")]
    assert etags[0] == etags[1] != etags[2] == etags[3]


def test_a_removed_file_is_gone(folder):
    steps = ["/small.txt", "/small.txt", (folder / "small.txt").unlink, "/small.txt"]
    answers = asyncio.run(talk(make_app(folder), steps))
    assert [head.split()[1] for head, _ in answers] == ["200", "200", "404"]


def test_conditions_and_ranges_are_not_skipped(folder):
    steps = [
        "/small.txt",
        "/small.txt",
        ("/small.txt", "Range: bytes=0-4"),
        ("/small.txt", "If-None-Match: *"),
        "/small.txt",
    ]
    answers = asyncio.run(talk(make_app(folder), steps))
    assert [head.split()[1] for head, _ in answers] == ["200", "200", "206", "304", "200"]
    assert answers[2][1] == b"first"


def test_headers_of_a_handler_are_its_own(folder):
    steps = ["/small.txt", "/small.txt", "/header/small.txt?n=1", "/header/small.txt?n=2",
             "/status/small.txt", "/small.txt"]  # fmt: skip
    answers = asyncio.run(talk(make_app(folder), steps))
    assert ["X-Number: " + n in head for (head, _), n in zip(answers[2:4], "12")] == [True, True]
    assert answers[4][0].split()[1] == "203"
    assert "X-Number" not in answers[5][0]


def test_a_hook_that_changes_the_response(folder):
    app = make_app(folder)

    class Mark:
        name = "mark"
        count = 0

        def microdot_response(self, app, request, response):
            self.count += 1
            response.headers["X-Count"] = str(self.count)

    app.use(Mark())
    with pytest.raises(PluginError):
        app.use(Mark())
    answers = asyncio.run(talk(app, ["/small.txt"] * 3))
    for number, (head, _) in enumerate(answers):
        assert "X-Count: %d\r\n" % (number + 1) in head


def test_the_memory_for_files_is_bounded(folder, monkeypatch):
    monkeypatch.setattr(files, "CACHE_BYTES", 300)
    monkeypatch.setattr(files, "_cache", {})
    monkeypatch.setattr(files, "_cached_bytes", 0)
    for number in range(5):
        (folder / str(number)).write_bytes(bytes([number]) * 100)
    steps = ["/%d" % number for number in range(5)] * 2
    answers = asyncio.run(talk(make_app(folder), steps))
    assert [body[0] for _, body in answers] == list(range(5)) * 2
    assert sum(len(data) for _, data in files._cache.values()) == files._cached_bytes <= 300


def test_a_file_that_shrinks_while_it_is_sent_cuts_the_connection(folder):
    app = make_app(folder)
    path = folder / "large.bin"

    @app.get("/shrink/<name>")
    async def shrink(request, name):
        response = send_file(str(path))
        os.truncate(path, 1000)
        return response

    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        asyncio.run(talk(app, ["/shrink/x"]))


def test_files_are_closed(folder):
    file = files.FastFile(str(folder / "large.bin"))
    assert len(file.read(10)) == 10
    file.close()
    file.close()
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_a_file_has_a_descriptor_while_it_is_open_and_not_in_memory(folder):
    file = files.FastFile(str(folder / "large.bin"))
    assert os.fstat(file.fileno()).st_size == 3 * files.PIECE + 17
    assert os.lseek(file.fileno(), 0, os.SEEK_CUR) == 0
    file.close()
    with pytest.raises(OSError, match=r"use read\(\)"):
        file.fileno()
    file = files.FastFile(str(folder / "small.txt"))
    asyncio.run(file.load())
    file.close()
    in_memory = files.FastFile(str(folder / "small.txt"))
    with pytest.raises(OSError, match="in memory"):
        in_memory.fileno()
