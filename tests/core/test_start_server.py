"""Starting and stopping the built-in server, TLS (contract section 6; W-SRV-02 to W-SRV-05)."""

import asyncio
import pathlib
import ssl
import subprocess
import threading

import pytest
from microdot import Microdot


def make_app(**options):
    app = Microdot(**options)

    @app.get("/")
    async def index(request):
        return request.scheme

    @app.get("/bye")
    def bye(request):
        # In a worker thread.
        request.app.shutdown()
        return "bye"

    return app


async def fetch(port, path="/", context=None):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(b"GET %b HTTP/1.0\r\n\r\n" % path.encode())
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return data


async def port_of(app):
    for _ in range(200):
        if app.server is not None and app.server.sockets:
            return app.server.sockets[0].getsockname()[1]
        await asyncio.sleep(0.01)
    raise AssertionError("the server does not start")


def test_start_in_a_task_and_shut_down_from_a_plain_handler():
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        assert (await fetch(port)).endswith(b"http")
        assert (await fetch(port, "/bye")).endswith(b"bye")
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_start_serving_false():
    app = make_app()

    async def main():
        server = await app.start_server("127.0.0.1", 0, start_serving=False)
        task = asyncio.create_task(server.serve_forever())
        await asyncio.sleep(0.05)
        assert (await fetch(await port_of(app))).endswith(b"http")
        app.shutdown()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        await asyncio.sleep(0.1)

    asyncio.run(main())


def test_w_srv_05_shutdown_before_the_start_and_twice():
    app = make_app()
    app.shutdown()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        await port_of(app)
        app.shutdown()
        app.shutdown()
        await asyncio.wait_for(task, 5)
        app.shutdown()

    asyncio.run(main())


def test_w_srv_05_shutdown_while_it_starts():
    app = make_app(autoload=False)

    class Impatient:
        name = "impatient"

        def microdot_startup(self, app):
            app.shutdown()

    app.use(Impatient())
    asyncio.run(asyncio.wait_for(app.start_server("127.0.0.1", 0), 5))


def test_w_srv_05_cancellation_is_honoured():
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        with pytest.raises(OSError):
            await fetch(port)

    asyncio.run(main())


def test_w_srv_03_an_idle_connection_does_not_hold_the_shutdown():
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"\r\n\r\nhttp")
        app.shutdown()
        await asyncio.wait_for(task, 2)
        assert await reader.read() == b""
        writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("value", [True, "cert.pem", object()])
def test_w_srv_04_what_is_no_context_is_refused(value):
    with pytest.raises(TypeError, match="SSLContext"):
        asyncio.run(make_app().start_server("127.0.0.1", 0, ssl=value))


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    """A server's and a client's TLS context, with a certificate made for the occasion."""
    folder = pathlib.Path(tmp_path_factory.mktemp("tls"))
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, stderr=subprocess.PIPE)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    client = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    return server, client


def test_w_srv_02_the_scheme_under_tls(contexts):
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0, ssl=contexts[0]))
        port = await port_of(app)
        assert app.ssl is contexts[0]
        assert (await fetch(port, "/", contexts[1])).endswith(b"\r\n\r\nhttps")
        app.shutdown()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_w_srv_04_plaintext_on_the_tls_port_is_closed(contexts, capfd):
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0, ssl=contexts[0]))
        port = await port_of(app)
        try:
            data = await fetch(port)
        except ConnectionError:
            data = b""
        assert b"HTTP" not in data
        assert (await fetch(port, "/", contexts[1])).endswith(b"https")
        app.shutdown()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())
    assert capfd.readouterr() == ("", "")


def test_a_client_that_ends_its_half_under_tls(contexts, caplog):
    app = make_app()

    @app.get("/slow")
    async def slow(request):
        await asyncio.sleep(0.1)
        return "slow"

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0, ssl=contexts[0]))
        port = await port_of(app)
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=contexts[1])
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        await writer.drain()
        writer.close()
        await asyncio.sleep(0.3)
        app.shutdown()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())
    assert caplog.records == []


def test_w_srv_06_a_plan_that_cannot_be_made_is_a_500(caplog):
    app = make_app(autoload=False)

    class Needy:
        name = "needy"
        requires = ("missing",)

        def microdot_startup(self, app):
            pass

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        app.use(Needy())
        assert (await fetch(port)).split()[1] == b"500"
        app.shutdown()
        with pytest.raises(Exception, match="requires plugin 'missing'"):
            await asyncio.wait_for(task, 5)

    asyncio.run(main())
    assert "requires plugin 'missing'" in caplog.text


def test_run_and_debug_output(capsys):
    app = make_app()
    result = []

    def client():
        async def main():
            port = None
            while port is None:
                await asyncio.sleep(0.02)
                if app.server is not None and app.server.sockets:
                    port = app.server.sockets[0].getsockname()[1]
            result.append(await fetch(port))
            result.append(await fetch(port, "/bye"))

        asyncio.run(main())

    thread = threading.Thread(target=client)
    thread.start()
    app.run(host="127.0.0.1", port=0, debug=True)
    thread.join()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Serving on http://127.0.0.1:")
    assert lines[1:] == ["GET / 200", "GET /bye 200"]


def test_a_port_in_use_is_an_error():
    app = make_app()

    async def main():
        task = asyncio.create_task(app.start_server("127.0.0.1", 0))
        port = await port_of(app)
        with pytest.raises(OSError):
            await make_app().start_server("127.0.0.1", port)
        app.shutdown()
        await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_streams_can_be_served_directly():
    app = make_app()

    async def main():
        server = await asyncio.start_server(app.handle_request, "127.0.0.1", 0)
        data = await fetch(server.sockets[0].getsockname()[1])
        server.close()
        await server.wait_closed()
        return data

    assert asyncio.run(main()).endswith(b"\r\n\r\nhttp")
