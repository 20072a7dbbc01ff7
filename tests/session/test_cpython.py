"""What only CPython has: PyJWT, TLS, types of the standard library, threads."""

import asyncio
import pathlib
import ssl
import subprocess
import sys
import threading
import warnings

import jwt
import pytest
from microdot import Microdot
from microdot.session import MemoryStore, Session, jws, tokens, with_session
from microdot.session.cpython import jws as with_pyjwt
from microdot.sse import with_sse
from microdot.test_client import TestClient
from microdot.websocket import with_websocket

LONG = "a secret that is as long as PyJWT likes it"


def test_pyjwt_is_what_signs_and_verifies():
    assert tokens.sign is with_pyjwt.sign
    assert tokens.verify is with_pyjwt.verify


def test_both_implementations_have_the_same_names():
    for name in ("sign", "verify"):
        assert callable(getattr(jws, name)) and callable(getattr(with_pyjwt, name))


def test_plain_pyjwt_reads_and_writes_our_tokens():
    session = Session(secret_key=LONG)
    claims = {"a": [1, 2.5, None], "\u20ac": "\xe9"}
    assert jwt.decode(session.encode(claims), LONG, algorithms=["HS256"]) == claims
    assert session.decode(jwt.encode(claims, LONG, algorithm="HS256")) == claims
    assert jws.verify(jwt.encode(claims, LONG, algorithm="HS256"), LONG.encode())


def test_short_secrets_and_secrets_that_look_like_keys_are_accepted_without_a_warning():
    for secret in ("x", "top-secret", "-----BEGIN PUBLIC KEY-----", "ssh-rsa AAAA"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            token = Session(secret_key=secret).encode({"a": 1})
            assert Session(secret_key=secret).decode(token) == {"a": 1}
        assert jws.verify(token, secret.encode()) == b'{"a":1}'


def test_a_plain_handler_in_its_thread_uses_sessions():
    app = Microdot(autoload=False)
    session = Session(app, "x")

    @app.get("/")
    def index(request):
        one = session.get(request)
        one["count"] = one.get("count", 0) + 1
        one.save()
        return dict(one)

    async def main():
        client = TestClient(app)
        for number in (1, 2, 3):
            assert (await client.get("/")).json == {"count": number}

    asyncio.run(main())


def test_the_plugin_is_available_by_its_name():
    app = Microdot(autoload=False)
    text = (pathlib.Path(__file__).parents[2] / "microdot-session/pyproject.toml").read_text()
    assert '[project.entry-points."microdot.plugins"]\nsession = "microdot.session:Session"' in text
    assert "microdot.autoload" not in text
    assert app.use(Session, secret_key="x").name == "session"
    assert list(app.plugins) == ["session"]


def test_importing_sessions_does_not_import_redis():
    code = "import sys, microdot.session; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert done.stdout.strip() == b"False"


def test_a_memory_store_loads_in_threads_while_it_saves():
    store = MemoryStore(50)
    for number in range(50):
        assert store.save(str(number), "x", 100, True)
    missed = []
    stop = threading.Event()

    def load():
        while not stop.is_set():
            for number in range(40, 50):
                if store.load(str(number)) is None:
                    missed.append(number)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=load) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for number in range(3000):
            for kept in range(40, 50):
                if not store.save(str(kept), "y", 100, False):
                    missed.append(kept)
            if not store.save("new%d" % number, "z", 100, True):
                missed.append("new")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
    assert missed == [] and len(store) == 50


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


def test_w_sess_02_cookies_of_a_tls_connection_are_secure(contexts):
    app = Microdot(autoload=False)
    Session(app, "x")

    @app.get("/")
    @with_session
    async def index(request, session):
        session["a"] = 1
        session.save()
        return ""

    async def fetch(port, context):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        data = await reader.read()
        writer.close()
        await writer.wait_closed()
        (line,) = [line for line in data.decode().split("\r\n") if line.startswith("Set-Cookie")]
        return line.partition("; ")[2]

    async def main():
        for context, attributes in (
            (contexts, "Path=/; Secure; HttpOnly; SameSite=Lax"),
            ((None, None), "Path=/; HttpOnly; SameSite=Lax"),
        ):
            task = asyncio.create_task(app.start_server("127.0.0.1", 0, ssl=context[0]))
            while app.server is None or not app.server.sockets:
                await asyncio.sleep(0.01)
            port = app.server.sockets[0].getsockname()[1]
            assert await fetch(port, context[1]) == attributes
            app.shutdown()
            await asyncio.wait_for(task, 5)

    asyncio.run(main())


def test_websockets_and_event_streams_read_sessions():
    app = Microdot(autoload=False)
    Session(app, "x")

    @app.get("/set")
    @with_session
    async def set_(request, session):
        session["name"] = "joe"
        session.save()
        return ""

    @app.get("/socket/<greeting>")
    @with_session
    @with_websocket
    async def socket(request, ws, session, greeting):
        await ws.send(greeting + " " + session["name"])

    @app.get("/stream/<greeting>")
    @with_session
    @with_sse
    async def stream(request, sse, session, greeting):
        await sse.send(greeting + " " + session["name"])

    async def main():
        client = TestClient(app)
        await client.get("/set")
        received = []

        def talk():
            received.append((yield "anything"))

        await client.websocket("/socket/hi", talk)
        assert received == ["hi joe"]
        assert (await client.get("/stream/hello")).events[0]["data"] == b"hello joe"

    asyncio.run(main())
