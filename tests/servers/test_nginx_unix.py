"""An application that listens at a Unix socket, behind a real nginx."""

import asyncio
import json
import os
import pathlib
import shutil
import tempfile
import threading

import documented
import pytest
from harness import Reply, get
from microdot import Microdot
from microdot.proxy import TrustedProxies
from nginx_server import Nginx, free_port


def make_app(trusted):
    app = Microdot(autoload=False)
    app.use(TrustedProxies(trusted))

    @app.get("/")
    async def index(request):
        return {"client": request.client_addr, "scheme": request.scheme, "peer": request.peer_addr}

    return app


@pytest.fixture
def folder():
    """A folder that nginx may look into, whoever it runs as."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="unix-"))
    os.chmod(path, 0o755)
    yield path
    shutil.rmtree(path)


def ask(app, folder):
    """Serve an application at a Unix socket; return what it says to a client of nginx."""
    path = str(folder / "socket")
    ready, end = threading.Event(), []

    async def main():
        server = await asyncio.start_unix_server(app.handle_request, path)
        os.chmod(path, 0o777)
        stop = asyncio.Event()
        end.extend([asyncio.get_running_loop(), stop])
        ready.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(5)
    try:
        text = documented.file("/etc/nginx/conf.d/shop.conf")
        port = free_port()
        text = text.replace("127.0.0.1:5000", "unix:" + path)
        text = text.replace("listen 443 ", "listen 127.0.0.1:%d " % port)
        nginx = Nginx(text.replace("listen 80;", "listen 127.0.0.1:%d;" % free_port()), port)
        try:
            with nginx.connect() as connection:
                fields = {"X_Forwarded_For": "6.6.6.6", "Host": "www.example.com"}
                connection.sendall(get("/", Connection="close", **fields))
                return json.loads(Reply(connection).body)
        finally:
            assert "[error]" not in nginx.stop()
    finally:
        end[0].call_soon_threadsafe(end[1].set)
        thread.join(5)


def test_the_peers_of_a_unix_socket_are_believed_when_they_are_trusted(folder):
    state = ask(make_app("unix"), folder)
    assert (state["client"], state["scheme"], state["peer"]) == (["127.0.0.1", 0], "https", "")


def test_and_only_then(folder):
    state = ask(make_app("0.0.0.0/0"), folder)
    assert (state["client"], state["scheme"]) == ("", "http")
