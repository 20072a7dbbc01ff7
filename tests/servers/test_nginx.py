"""The built-in server of both platforms behind a real nginx, configured as the documentation says."""

import contextlib
import json
import pathlib
import re
import socket
import time

import documented
import harness
import pytest
from harness import Reply, get, read_all, request
from nginx_server import Nginx, free_port, missing
from ws_client import Client

APP = pathlib.Path(__file__).with_name("proxy_app.py")
HOST = "www.example.com"
#: The addresses of the proxies, as tests/servers/proxy_app.py trusts them.
INNER, EDGE = "127.0.0.3", "127.0.0.2"


def configuration(app_port, tls_port, plain_port, forwarded_port):
    """Return the documented configuration with these ports, and what docs/proxies.md adds to it."""
    text = documented.file("/etc/nginx/conf.d/shop.conf")
    for old, new in (
        ("server 127.0.0.1:5000;", "server 127.0.0.1:%d;" % app_port),
        ("listen 443 ssl;", "listen 127.0.0.1:%d ssl;" % tls_port),
        ("listen 80;", "listen 127.0.0.1:%d;" % plain_port),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    add, location, forwarded_map, forwarded = documented.blocks("proxies.md", "nginx")
    # The documented locations, with an address that is the proxy's alone.
    marker = "    location / {"
    assert text.count(marker) == 1
    text = text.replace(marker, "proxy_bind %s;\n%s\n%s" % (EDGE, location, marker))
    # Another proxy in front of the inner one, and one that speaks of Forwarded.
    return (
        text
        + forwarded_map
        + """
server {
    listen 127.0.0.1:%d;
    proxy_bind %s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    location /chain/ {
        %s
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header Host $http_host;
        proxy_pass http://127.0.0.1:%d/inner/;
    }
    location /inner/ {
        proxy_bind %s;
        %s
        proxy_set_header Host $http_host;
        proxy_pass http://shop/;
    }
    location /forwarded/ {
        %s
        proxy_set_header Host inner;
        proxy_pass http://shop/;
    }
}
"""
        % (forwarded_port, EDGE, "", forwarded_port, INNER, add, forwarded)
    )


class Behind:
    """An application behind nginx."""

    def __init__(self, platform, *fields):
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.9", 0))
        except OSError:
            missing("this system has no more addresses of its own than 127.0.0.1")
        self.app = harness.PLATFORMS[platform](*fields, app=APP)
        self.plain, self.other, port = free_port(), free_port(), free_port()
        try:
            self.nginx = Nginx(configuration(self.app.port, port, self.plain, self.other), port)
        except BaseException:
            self.app.stop()
            raise
        self.connect = self.nginx.connect

    def ask(self, data, source=None):
        with self.connect(source=source) as connection:
            connection.sendall(data)
            return Reply(connection)

    def state(self, path="/", source=None, **fields):
        return json.loads(self.ask(get(path, **dict({"Host": HOST}, **fields)), source).body)

    def ask_plain(self, port, path, source="127.0.0.9", **fields):
        with socket.create_connection(("127.0.0.1", port), 5, (source, 0)) as connection:
            connection.sendall(get(path, **fields))
            return Reply(connection)

    def stop(self):
        log = self.nginx.stop()
        return log, self.app.stop()


@pytest.fixture(scope="module", params=sorted(harness.PLATFORMS))
def behind(request):
    served = Behind(request.param)
    yield served
    log, output = served.stop()
    assert output == ""
    # What the application does, nginx finds nothing wrong with.
    assert "upstream" not in re.sub(r".*client intended to send too large body.*", "", log)


def test_client_scheme_and_host(behind):
    state = behind.state(source="127.0.0.9")
    assert (state["client"], state["scheme"], state["host"]) == ("127.0.0.9", "https", HOST)


def test_what_a_client_writes_is_not_believed(behind):
    state = behind.state(
        source="127.0.0.9",
        X_Forwarded_For="127.0.0.2, 6.6.6.6",
        X_Forwarded_Proto="http",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Port="1",
        Forwarded="for=6.6.6.6;host=evil.example",
    )
    assert (state["client"], state["scheme"], state["host"]) == ("127.0.0.9", "https", HOST)


def test_a_client_that_is_no_proxy_is_not_believed(behind):
    reply = behind.ask_plain(
        behind.app.port, "/", X_Forwarded_For="6.6.6.6", X_Forwarded_Proto="https"
    )
    state = json.loads(reply.body)
    assert (state["client"], state["scheme"]) == ("127.0.0.9", "http")


def test_two_proxies_in_a_row(behind):
    reply = behind.ask_plain(behind.other, "/chain/", X_Forwarded_For="6.6.6.6, 127.0.0.2")
    assert json.loads(reply.body)["client"] == "127.0.0.9"


def test_connections_to_the_application_are_kept(behind):
    before = behind.state()["ports"]
    with behind.connect() as connection:
        for _ in range(20):
            connection.sendall(get("/", Host=HOST))
            assert Reply(connection).status == 200
    for _ in range(5):
        behind.state()
    assert behind.state()["ports"] - before <= 1


def test_plain_http_is_redirected(behind):
    reply = behind.ask_plain(behind.plain, "/a?b=c", Host=HOST)
    assert (reply.status, reply.headers["location"]) == (301, "https://www.example.com/a?b=c")


def test_a_prefix(behind):
    state = behind.state("/shop/?x=1")
    assert (state["root"], state["path"], state["scheme"]) == ("/shop", "/", "https")
    assert behind.state()["root"] == ""


def test_large_responses_head_and_errors(behind):
    assert behind.ask(get("/large", Host=HOST)).body == b"0123456789" * 20000
    with behind.connect() as connection:
        connection.sendall(request("HEAD", "/large", Host=HOST))
        reply = Reply(connection, head=True)
        assert (reply.status, reply.headers["content-length"]) == (200, "200000")
        connection.sendall(get("/nothing", Host=HOST))
        assert Reply(connection).status == 404


def test_a_stream_arrives_as_it_is_made(behind):
    with behind.connect() as connection:
        begun = time.monotonic()
        connection.sendall(get("/slowly", Host=HOST))
        data = b""
        while b"piece 0" not in data:
            data += connection.recv(1000)
        assert time.monotonic() - begun < 0.3 and b"piece 1" not in data
        while b"\r\n0\r\n\r\n" not in data:
            data += connection.recv(1000)
        assert b"piece 2" in data


def test_an_event_stream(behind):
    with behind.connect() as connection:
        connection.sendall(get("/live/events", Host=HOST))
        data = b""
        while b"data: hello\n\n" not in data:
            data += connection.recv(1000)
        assert behind.state()["alive"] == 1
    begun = time.monotonic()
    while behind.state()["alive"]:
        assert time.monotonic() - begun < 5, "the endpoint goes on without its client"
        time.sleep(0.05)


def test_uploads(behind):
    body = bytes(range(256)) * 3000
    reply = behind.ask(request("POST", "/count", body=body, Host=HOST))
    assert json.loads(reply.body) == {"size": 768000}
    # Beyond client_max_body_size nginx refuses it.
    with behind.connect() as connection:
        connection.sendall(request("POST", "/count", Host=HOST, Content_Length="2000000"))
        assert Reply(connection).status == 413


def test_an_upload_that_is_not_collected(behind):
    with behind.connect() as connection:
        connection.sendall(request("POST", "/upload", Host=HOST, Content_Length="2000000"))
        connection.sendall(b"x" * 1000)
        begun = time.monotonic()
        while not behind.state()["alive"]:
            assert time.monotonic() - begun < 5, "nothing has arrived"
            time.sleep(0.02)
        connection.sendall(b"x" * 1999000)
        assert json.loads(Reply(connection).body) == {"size": 2000000}


def test_a_chunked_upload(behind):
    with behind.connect() as connection:
        connection.sendall(request("POST", "/upload", Host=HOST, Transfer_Encoding="chunked"))
        for _ in range(10):
            connection.sendall(b"2710\r\n" + b"x" * 10000 + b"\r\n")
            time.sleep(0.01)
        connection.sendall(b"0\r\n\r\n")
        assert json.loads(Reply(connection).body) == {"size": 100000}


def test_an_upload_that_is_refused(behind):
    with behind.connect() as connection:
        connection.sendall(request("POST", "/upload", Host=HOST, Content_Length="4000000"))
        with contextlib.suppress(OSError):
            connection.sendall(b"x" * 100000)
        assert Reply(connection).status == 413


def test_websockets(behind):
    with Client(behind, "/live/ws", Host=HOST) as ws:
        assert ws.status == "HTTP/1.1 101 Switching Protocols"
        for payload in (b"hello", b"x" * 1000, b"y" * 12000):
            ws.send(1, payload)
            assert ws.read() == (0x81, payload)
        ws.send(8, b"\x03\xe8")
        assert ws.read() == (0x88, b"\x03\xe8")
        assert ws.read() is None


@pytest.mark.parametrize(
    "origin, status",
    [("https://" + HOST, "101"), ("http://" + HOST, "403"), ("https://evil.example", "403")],
)
def test_websockets_know_the_origin_of_their_pages(behind, origin, status):
    with Client(behind, "/live/ws", Host=HOST, Origin=origin) as ws:
        assert ws.status.split()[1] == status


def test_cookies_are_secure(behind):
    cookie = behind.ask(get("/session", Host=HOST)).headers["set-cookie"]
    assert "; Secure" in cookie


@pytest.mark.parametrize(
    "origin, status",
    [("https://" + HOST, 200), ("http://" + HOST, 403), ("https://evil.example", 403)],
)
def test_csrf_knows_its_own_origin(behind, origin, status):
    data = request("POST", "/", body=b"x", Host=HOST, Origin=origin)
    assert behind.ask(data).status == status


@pytest.mark.parametrize("platform", sorted(harness.PLATFORMS))
def test_forwarded(platform):
    served = Behind(platform, "Forwarded")
    try:
        reply = served.ask_plain(
            served.other, "/forwarded/", Host="shop.example", Forwarded="for=6.6.6.6"
        )
        state = json.loads(reply.body)
        assert (state["client"], state["scheme"]) == ("127.0.0.9", "http")
        assert state["host"] == "shop.example"
        # What it is not told to believe: the fields that nginx sets beside it.
        state = served.state(source="127.0.0.9")
        assert (state["client"], state["scheme"]) == ("127.0.0.2", "http")
        # What this location of the proxy lets through is the client's word.
        reply = served.ask(get("/", Host=HOST, Forwarded="malformed"))
        assert (reply.status, b"Forwarded" in reply.body) == (400, True)
    finally:
        log, output = served.stop()
    assert (output, "upstream" in log) == ("", False)


def test_read_all_of_a_connection_that_nginx_closes(behind):
    with behind.connect() as connection:
        connection.sendall(get("/", Host=HOST, Connection="close"))
        assert read_all(connection).startswith(b"HTTP/1.1 200")
