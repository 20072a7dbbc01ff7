"""TLS on the built-in server of both platforms: contract section 6.2; W-SRV-02, W-SRV-04."""

import json
import pathlib
import socket
import ssl
import struct
import time

import certificates
import harness
import pytest
from harness import Reply, get, read_all, request
from microdot.cpython.tls import load_context
from ws_client import Client

APP = pathlib.Path(__file__).with_name("tls_app.py")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return certificates.make(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def client(folder):
    """A client's context, which trusts the certificate."""
    return ssl.create_default_context(cafile=str(folder / "cert.pem"))


class Secure:
    """A server of the harness, talked to over TLS."""

    def __init__(self, served, context):
        self.served = served
        self.context = context

    def connect(self, timeout=5):
        plain = self.served.connect(timeout)
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def ask(self, data):
        with self.connect() as connection:
            connection.sendall(data)
            return Reply(connection)

    def state(self):
        return json.loads(self.ask(get("/")).body)


@pytest.fixture(scope="module", params=sorted(harness.PLATFORMS))
def process(request, folder):
    served = harness.PLATFORMS[request.param](str(folder), app=APP)
    yield served
    # Whatever the clients of this file did, nothing was printed.
    assert served.stop() == ""


@pytest.fixture
def server(process, client):
    return Secure(process, client)


def test_w_srv_02_the_scheme_and_the_client(server):
    state = server.state()
    assert (state["scheme"], state["client"]) == ("https", "127.0.0.1")


def test_several_requests_on_a_connection(server):
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(get("/"))
            assert json.loads(Reply(connection).body)["scheme"] == "https"
        connection.sendall(get("/") + get("/", Connection="close"))
        assert read_all(connection).count(b"HTTP/1.1 200") == 2


def test_large_messages_both_ways(server):
    assert server.ask(get("/large")).body == b"0123456789" * 20000
    body = bytes(range(256)) * 200  # what comes in one piece must fit into the heap of a board
    assert server.ask(request("POST", "/echo", body=body, Connection="close")).body == body
    body *= 5
    assert json.loads(server.ask(request("POST", "/upload", body=body)).body) == {"size": 256000}


def test_a_body_that_comes_in_pieces(server):
    with server.connect() as connection:
        data = request("POST", "/echo", body=b"x" * 3000)
        for i in range(0, len(data), 300):
            connection.sendall(data[i : i + 300])
            time.sleep(0.005)
        assert Reply(connection).body == b"x" * 3000


@pytest.mark.parametrize("data", [get("/"), b"x", b"\r\n\r\n", b"\x00" * 300, b"SSH-2.0-x\r\n"])
def test_w_srv_04_plaintext_is_answered_by_a_close(server, data):
    begun = time.monotonic()
    with server.served.connect() as connection:
        connection.sendall(data)
        answer = read_all(connection)
    # At most an alert (RFC 8446 section 6), never HTTP.
    assert b"HTTP" not in answer
    assert time.monotonic() - begun < (1 if len(data) > 5 else 4)
    assert server.state()["scheme"] == "https"


def test_w_srv_04_clients_that_give_up(server, folder):
    with server.served.connect():
        pass
    with server.served.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    with server.served.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        # A reset, not an end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with server.served.connect() as plain:
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(str(folder / "cert.pem"))
    old.set_ciphers("AES128-SHA256")  # no key exchange that goes with the certificate
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with server.served.connect() as plain, pytest.raises(OSError):
        old.wrap_socket(plain, server_hostname="127.0.0.1")
    assert server.state()["scheme"] == "https"


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"])
def test_w_srv_01_a_client_that_stops_in_the_handshake(server, data):
    begun = time.monotonic()
    with server.served.connect(8) as connection:
        connection.sendall(data)
        # Others do not wait for it.
        assert server.state()["scheme"] == "https"
        assert time.monotonic() - begun < 0.5
        assert b"HTTP" not in read_all(connection)
    # header_timeout is 1; MicroPython's clock ticks once a second.
    assert 0.9 < time.monotonic() - begun < 4


class Silent:
    """A client that takes what comes and answers no close_notify (RFC 8446 section 6.1)."""

    def __init__(self, server):
        self.plain = server.served.connect()
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server.context.wrap_bio(
            self.incoming, self.outgoing, server_hostname="127.0.0.1"
        )
        while True:
            try:
                self.tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self.plain.sendall(self.outgoing.read())
                self.incoming.write(self.plain.recv(65536))

    def send(self, data):
        self.tls.write(data)
        self.plain.sendall(self.outgoing.read())

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.plain.close()


def test_w_srv_01_a_client_that_never_says_goodbye(server):
    with Silent(server) as silent:
        silent.send(get("/", Connection="close"))
        begun = time.monotonic()
        # The connection that asks is one.
        while server.state()["connections"] > 1:
            assert time.monotonic() - begun < 5, "the connection stays"
            time.sleep(0.1)
        # Not only forgotten.
        read_all(silent.plain)


@pytest.mark.parametrize("platform", sorted(harness.PLATFORMS))
def test_one_that_makes_room_for_another_is_closed_without_its_help(platform, folder, client):
    served = harness.PLATFORMS[platform](str(folder), "1", app=APP)
    try:
        server = Secure(served, client)
        with Silent(server) as silent:
            silent.send(get("/"))
            silent.plain.recv(1)
            begun = time.monotonic()
            assert server.state()["connections"] == 1
            read_all(silent.plain)
            assert time.monotonic() - begun < 1
    finally:
        assert served.stop() == ""


def test_cookies_are_secure(server):
    cookie = server.ask(get("/session")).headers["set-cookie"]
    assert "; Secure" in cookie


def test_csrf_knows_its_own_origin(server):
    def status(origin):
        host = "127.0.0.1:%d" % server.served.port
        fields = {"Host": host, "Origin": origin % host}
        return server.ask(request("POST", "/echo", body=b"x", **fields)).status

    assert status("https://%s") == 200
    assert status("http://%s") == 403
    assert status("https://evil.example/%s") == 403


def test_websockets(server):
    with Client(server, "/ws") as ws:
        assert ws.status == "HTTP/1.1 101 Switching Protocols"
        for payload in (b"hello", b"x" * 1000, b"y" * 12000):
            ws.send(1, payload)
            assert ws.read() == (0x81, payload)
        ws.send(8, b"\x03\xe8")
        assert ws.read() == (0x88, b"\x03\xe8")


def test_an_event_stream_ends_when_the_client_leaves(server):
    with server.connect() as connection:
        connection.sendall(get("/events"))
        data = b""
        while b"data: hello\n\n" not in data:
            data += connection.recv(1000)
        assert server.state()["alive"] == 1
    begun = time.monotonic()
    while server.state()["alive"]:
        assert time.monotonic() - begun < 5
        time.sleep(0.1)


def test_w_srv_04_no_fallback_on_micropython(micropython):
    done = micropython(
        "-c",
        "from microdot import Microdot\n"
        "for value in (True, 'cert.pem', object()):\n"
        "    try:\n"
        "        Microdot().run(ssl=value)\n"
        "    except TypeError as error:\n"
        "        print(error)\n",
    )
    assert done.stdout.count("ssl must be an ssl.SSLContext, not ") == 3


def test_the_context_of_good_files(folder, tmp_path):
    load_context(str(folder / "cert.pem"), str(folder / "key.pem"))
    both = tmp_path / "both.pem"
    both.write_bytes((folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes())
    load_context(str(both))


def test_errors_name_the_file(folder, tmp_path):
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    other = certificates.make(tmp_path)
    certificates.openssl(
        tmp_path, "ec", "-in", "key.pem", "-aes128", "-passout", "pass:x", "-out", "locked.pem"
    )
    (tmp_path / "text").write_text("hello")
    for arguments, words in (
        (("missing.pem",), "the certificate missing.pem cannot be read: No such file"),
        ((cert, "missing.pem"), "the private key missing.pem cannot be read: No such file"),
        ((str(tmp_path),), "the certificate %s cannot be read: Is a directory" % tmp_path),
        ((str(tmp_path / "text"),), "%s/text holds no certificate in PEM format" % tmp_path),
        ((cert,), "%s holds no certificate in PEM format, or it no private key" % cert),
        ((cert, str(other / "key.pem")), "key.pem does not belong to the certificate %s" % cert),
        ((cert, str(tmp_path / "locked.pem")), "locked.pem is encrypted"),
        ((str(folder / "cert.der"), key), "cert.der holds no certificate in PEM format"),
    ):
        with pytest.raises(ValueError) as caught:
            load_context(*arguments)
        assert words in str(caught.value)
