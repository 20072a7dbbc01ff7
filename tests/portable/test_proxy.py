"""TrustedProxies: RFC 7239, RFC 4291, RFC 4632, and what clients must not be able to forge."""

import asyncio

from microdot import Microdot, redirect
from microdot.cors import CORS
from microdot.csrf import CSRF
from microdot.forwarding.addresses import contains, parse_address, parse_network
from microdot.forwarding.forwarded import parse_forwarded
from microdot.forwarding.hosts import parse_prefix
from microdot.forwarding.nodes import parse_node
from microdot.proxy import TrustedProxies
from microdot.session import Session, with_session
from microdot.test_client import TestClient

ALL = (
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
)


class Peer:
    """Makes the test client's connection come from an address; before the proxies look."""

    name = "peer"
    hook_order = {"microdot_request": "first"}
    before = ("proxies",)

    def __init__(self, address):
        self.address = address

    def microdot_request(self, app, request):
        request.client_addr = self.address


def make_app(trusted, peer=("127.0.0.1", 1234), **options):
    app = Microdot(autoload=False)
    app.use(Peer(peer))
    app.use(TrustedProxies(trusted, **options))

    @app.get("/")
    async def index(request):
        return {
            "client": list(request.client_addr or ()),
            "peer": list(request.peer_addr or ()),
            "scheme": request.scheme,
            "host": request.headers["Host"],
            "root": request.root_path,
        }

    return app


def send(app, headers, method="GET", path="/", host="inner:8000", body=None):
    client = TestClient(app, host=host)
    return asyncio.run(client.request(method, path, headers=headers, body=body))


def seen(app, **fields):
    response = send(app, {name.replace("_", "-"): fields[name] for name in fields})
    assert response.status_code == 200, response.text
    return response.json


def status(app, **fields):
    return send(app, {name.replace("_", "-"): fields[name] for name in fields}).status_code


def refused(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ValueError as error:
        return str(error) or "refused"
    return None


# Addresses


def test_addresses_as_numbers():
    assert parse_address("0.0.0.0") == (32, 0)
    assert parse_address("192.0.2.1") == (32, 0xC0000201)
    assert parse_address("255.255.255.255") == (32, 0xFFFFFFFF)
    # RFC 4291 section 2.2
    assert parse_address("::") == (128, 0)
    assert parse_address("::1") == (128, 1)
    assert parse_address("1::") == (128, 1 << 112)
    expected = 0x20010DB8000000000008_0800200C417A
    assert parse_address("2001:DB8:0:0:8:800:200C:417A") == (128, expected)
    assert parse_address("2001:db8::8:800:200c:417a") == (128, expected)
    assert parse_address("::13.1.68.3") == (128, 0x0D014403)
    assert parse_address("0:0:0:0:0:0:13.1.68.3") == (128, 0x0D014403)
    assert parse_address("fe80::1%eth0") == (128, 0xFE80 << 112 | 1)


def test_an_ipv4_address_in_ipv6_is_the_ipv4_address():
    # RFC 4291 section 2.5.5.2
    assert parse_address("::ffff:192.0.2.1") == (32, 0xC0000201)
    assert parse_address("::FFFF:c000:0201") == (32, 0xC0000201)
    assert parse_address("0:0:0:0:0:ffff:192.0.2.1") == (32, 0xC0000201)


def test_what_is_no_address():
    for text in (
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04", "01.2.3.4", "1.2.3.-4", "1.2.3.+4",
        " 1.2.3.4", "1.2.3.4 ", "1..2.3", "1.2.3.4/8", "0x7f.0.0.1", "1_0.0.0.1", "localhost",
        ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::", "::1%",
        "1:2:3:4:5:6:7:8::", "::1.2.3", "::1.2.3.4:5", "1.2.3.4:80", "[::1]", ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:", "::1 ", "::-1", "\u0661.2.3.4",
    ):  # fmt: skip
        assert refused(parse_address, text), text


def test_networks():
    networks = [parse_network(text) for text in ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32")]
    for inside in ("10.0.0.0", "10.255.255.255", "192.0.2.7", "::ffff:10.1.1.1", "2001:db8:f::1"):
        assert contains(networks, inside), inside
    for outside in ("9.255.255.255", "11.0.0.0", "192.0.2.6", "2001:db7::1", "::a00:1", "", "x"):
        assert not contains(networks, outside), outside
    assert contains([parse_network("0.0.0.0/0")], "1.2.3.4")
    assert not contains([parse_network("0.0.0.0/0")], "::1")
    assert contains([parse_network("::/0")], "::1")
    assert not contains([parse_network("::/0")], "1.2.3.4")
    assert contains([parse_network("::ffff:10.0.0.0/104")], "10.9.9.9")
    assert not contains([parse_network("::ffff:10.0.0.0/104")], "11.0.0.0")
    assert contains([parse_network("10.0.0.128/25")], "10.0.0.200")
    assert not contains([parse_network("10.0.0.128/25")], "10.0.0.127")


def test_what_is_no_network():
    for text in ("10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/255.0.0.0", "::/129", "x/8"):
        assert refused(parse_network, text), text
    assert "beyond its prefix of 8" in refused(parse_network, "10.0.0.1/8")
    assert refused(parse_network, "2001:db8::1/32")


# Fields


def test_the_examples_of_rfc_7239():
    # Sections 4, 6.1 and 7.1
    assert parse_forwarded('for="_gazonk"') == [{"for": "_gazonk"}]
    assert parse_forwarded('For="[2001:db8:cafe::17]:4711"') == [
        {"for": "[2001:db8:cafe::17]:4711"}
    ]
    assert parse_forwarded("for=192.0.2.60;proto=http;by=203.0.113.43") == [
        {"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"}
    ]
    assert parse_forwarded("for=192.0.2.43, for=198.51.100.17") == [
        {"for": "192.0.2.43"},
        {"for": "198.51.100.17"},
    ]
    assert parse_forwarded('for=192.0.2.43, for="[2001:db8:cafe::17]"') == [
        {"for": "192.0.2.43"},
        {"for": "[2001:db8:cafe::17]"},
    ]
    assert parse_forwarded("for=_hidden, for=_SEVKISEK") == [
        {"for": "_hidden"},
        {"for": "_SEVKISEK"},
    ]


def test_quoted_strings_of_forwarded():
    assert parse_forwarded(r'for="a, b; c=\"d\" \\ "') == [{"for": 'a, b; c="d" \\ '}]
    assert parse_forwarded('secret="",for=unknown') == [{"secret": ""}, {"for": "unknown"}]
    # RFC 9110 section 5.6.1.2: empty elements are ignored.
    assert parse_forwarded("") == []
    assert parse_forwarded(" , for=a ,, for=b, ") == [{"for": "a"}, {"for": "b"}]
    assert parse_forwarded("for=a;") == [{"for": "a"}]


def test_malformed_forwarded():
    for value in (
        "for", "=a", "for=", 'for="a', 'for="a"b', "for=a b", "for=a;for=b", "for=a;FOR=b",
        "for=192.0.2.1:80", "for=[::1]", "f(r=a", 'for="\\', 'for="a\\"', "for =a", "for= a",
    ):  # fmt: skip
        assert refused(parse_forwarded, value), value


def test_nodes():
    assert parse_node("192.0.2.43") == ("192.0.2.43", 0)
    assert parse_node("192.0.2.43:47011") == ("192.0.2.43", 47011)
    assert parse_node("[2001:db8:cafe::17]") == ("2001:db8:cafe::17", 0)
    assert parse_node("[2001:db8:cafe::17]:47011") == ("2001:db8:cafe::17", 47011)
    assert parse_node("unknown") == ("unknown", 0)
    assert parse_node("UNKNOWN") == ("unknown", 0)
    assert parse_node("_hidden-1.a") == ("_hidden-1.a", 0)
    assert parse_node("192.0.2.43:_port") == ("192.0.2.43", 0)
    assert parse_node("2001:db8::1", True) == ("2001:db8::1", 0)
    for text in (
        "", "_", "_a b", "host", "1.2.3", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:x", "1.2.3.4:_",
        "[::1", "[::1]80", "[::1]:", "[1.2.3.4]", "2001:db8::1", "[fe80::1%eth0]", ":80", "[]",
    ):  # fmt: skip
        assert refused(parse_node, text), text
    for text in ("::1:", "2001:db8::1::", "fe80::1%1"):
        assert refused(parse_node, text, True), text


def test_prefixes():
    assert parse_prefix("/") == ""
    assert parse_prefix("/app") == parse_prefix("/app/") == "/app"
    assert parse_prefix("/a/b%20c") == "/a/b%20c"
    for text in ("", "app", "//evil.example", "/a//b", "/a?b", "/a#b", "/a\\b", "/a b", "/\u00e4"):
        assert refused(parse_prefix, text), text


# What is believed


def test_a_client_of_a_trusted_proxy():
    app = make_app("127.0.0.1")
    assert seen(app, X_Forwarded_For="192.0.2.60", X_Forwarded_Proto="https") == {
        "client": ["192.0.2.60", 0],
        "peer": ["127.0.0.1", 1234],
        "scheme": "https",
        "host": "inner:8000",
        "root": "",
    }


def test_without_fields_nothing_changes():
    assert seen(make_app("127.0.0.1")) == {
        "client": ["127.0.0.1", 1234],
        "peer": ["127.0.0.1", 1234],
        "scheme": "http",
        "host": "inner:8000",
        "root": "",
    }
    empty = seen(make_app("127.0.0.1"), X_Forwarded_For=" , ", X_Forwarded_Proto="")
    assert (empty["client"], empty["scheme"]) == (["127.0.0.1", 1234], "http")


def test_nobody_else_is_believed():
    app = make_app("10.0.0.0/8", headers=ALL)
    found = seen(
        app,
        X_Forwarded_For="192.0.2.60",
        X_Forwarded_Proto="https",
        X_Forwarded_Host="evil.example",
        X_Forwarded_Port="1",
        X_Forwarded_Prefix="/evil",
        Forwarded="for=192.0.2.61;proto=https;host=evil.example",
    )
    assert found["client"] == ["127.0.0.1", 1234]
    assert (found["scheme"], found["host"], found["root"]) == ("http", "inner:8000", "")
    # Not even read.
    assert status(app, X_Forwarded_For="garbage", X_Forwarded_Proto="garbage") == 200


def test_only_the_fields_that_are_named_are_believed():
    app = make_app("127.0.0.1")
    found = seen(
        app,
        X_Forwarded_Host="evil.example",
        X_Forwarded_Port="1",
        X_Forwarded_Prefix="/evil",
        Forwarded="for=192.0.2.61;proto=https",
    )
    assert found["client"] == ["127.0.0.1", 1234]
    assert (found["scheme"], found["host"], found["root"]) == ("http", "inner:8000", "")
    found = seen(make_app("127.0.0.1", headers="Forwarded"), X_Forwarded_For="192.0.2.61")
    assert found["client"] == ["127.0.0.1", 1234]


def test_the_walk_begins_at_the_right():
    app = make_app(["127.0.0.1", "10.0.0.0/8"])

    def client(value):
        return seen(app, X_Forwarded_For=value)["client"][0]

    # What the client has written stands at the left.
    assert client("127.0.0.1, 192.0.2.60") == "192.0.2.60"
    assert client("garbage;=, 192.0.2.60") == "192.0.2.60"
    assert client("1.1.1.1, 192.0.2.60, 10.0.0.2") == "192.0.2.60"
    assert client("1.1.1.1, 192.0.2.60, 10.0.0.3, 10.0.0.2") == "192.0.2.60"
    # A trusted address behind one that is not is not looked at.
    assert client("10.0.0.9, 192.0.2.60, 10.0.0.2") == "192.0.2.60"
    # A client inside.
    assert client("10.0.0.3, 10.0.0.2") == "10.0.0.3"


def test_a_list_over_several_lines():
    app = make_app(["127.0.0.1", "10.0.0.0/8"])

    async def main():
        from microdot import Request

        lines = [
            ("Host", "a"),
            ("X-Forwarded-For", "1.1.1.1"),
            ("x-forwarded-for", "192.0.2.60"),
            ("X-Forwarded-For", "10.0.0.1"),
        ]
        request = Request(app, ("127.0.0.1", 1), "GET", "/", "1.1", lines)
        app.plugins["proxies"].apply(request)
        return request.client_addr

    assert asyncio.run(main()) == ("192.0.2.60", 0)


def test_ports_and_ipv6_in_x_forwarded_for():
    app = make_app("127.0.0.1")

    def client(value):
        return seen(app, X_Forwarded_For=value)["client"]

    assert client("192.0.2.60:4711") == ["192.0.2.60", 4711]
    assert client("2001:db8::1") == ["2001:db8::1", 0]
    assert client("[2001:db8::1]:4711") == ["2001:db8::1", 4711]
    assert client("unknown") == ["unknown", 0]


def test_a_peer_with_a_mapped_address():
    app = make_app("10.0.0.0/8", peer=("::ffff:10.0.0.1", 1234, 0, 0))
    assert seen(app, X_Forwarded_For="192.0.2.60")["client"] == ["192.0.2.60", 0]
    app = make_app("::1", peer=("::1", 1234, 0, 0))
    assert seen(app, X_Forwarded_For="192.0.2.60")["client"] == ["192.0.2.60", 0]


def test_the_peer_of_a_unix_socket():
    for peer in (None, "", ("", 0), (None, 0)):
        found = seen(make_app("unix", peer=peer), X_Forwarded_For="192.0.2.60")
        assert found["client"] == ["192.0.2.60", 0]
        found = seen(make_app("0.0.0.0/0", peer=peer), X_Forwarded_For="192.0.2.60")
        assert found["client"] == list(peer or ())
    found = seen(make_app("unix"), X_Forwarded_For="192.0.2.60")
    assert found["client"] == ["127.0.0.1", 1234]


def test_hops():
    app = make_app("*", hops=1, peer=("203.0.113.9", 1))
    assert seen(app, X_Forwarded_For="1.1.1.1, 192.0.2.60")["client"][0] == "192.0.2.60"
    app = make_app("*", hops=2, peer=("203.0.113.9", 1))
    assert seen(app, X_Forwarded_For="1.1.1.1, 192.0.2.60, 10.0.0.1")["client"][0] == "192.0.2.60"
    assert seen(app, X_Forwarded_For="192.0.2.60")["client"][0] == "192.0.2.60"
    app = make_app(["127.0.0.1", "10.0.0.0/8"], hops=1)
    assert seen(app, X_Forwarded_For="192.0.2.60, 10.0.0.1")["client"][0] == "10.0.0.1"


def test_forwarded():
    app = make_app(["127.0.0.1", "10.0.0.0/8"], headers="Forwarded")
    found = seen(
        app,
        Forwarded='for=1.1.1.1;proto=http;host=evil.example, for="[2001:db8::1]:80";proto=https;'
        'host="www.example:8443", for=10.0.0.1;proto=http;host=inner',
    )
    assert found["client"] == ["2001:db8::1", 80]
    assert (found["scheme"], found["host"]) == ("https", "www.example:8443")
    assert seen(app, Forwarded="for=_hidden")["client"] == ["_hidden", 0]
    # A proxy that does not say for whom: not the proxy's own address, which may have rights.
    assert seen(app, Forwarded="for=1.1.1.1, proto=https")["client"] == ["unknown", 0]
    # The nearest proxy knows the scheme where the outermost one does not say it.
    found = seen(app, Forwarded="for=192.0.2.60, for=10.0.0.1;proto=https")
    assert (found["client"][0], found["scheme"]) == ("192.0.2.60", "https")


def test_forwarded_with_a_quote_that_the_client_left_open():
    app = make_app("127.0.0.1", headers="Forwarded")
    for appended in ("for=192.0.2.60", 'for="[2001:db8::1]";proto=http', 'for="_a";host=""'):
        for written in ('for="', 'for=9.9.9.9;x="', 'for="\\', "for=9.9.9.9;", "for=9.9.9.9;x="):
            response = send(app, {"Forwarded": written + ", " + appended})
            if response.status_code == 200:
                assert response.json["client"][0] != "9.9.9.9"
            else:
                assert response.status_code == 400
                assert "Forwarded" in response.text


def test_lists_of_schemes_and_hosts_go_with_the_addresses():
    app = make_app(["127.0.0.1", "10.0.0.0/8"], headers=ALL)
    found = seen(
        app,
        X_Forwarded_For="1.1.1.1, 192.0.2.60, 10.0.0.1",
        X_Forwarded_Proto="http, https, http",
        X_Forwarded_Host="evil.example, www.example, inner",
    )
    assert (found["scheme"], found["host"]) == ("https", "www.example")
    # A proxy in a row may overwrite instead of adding.
    found = seen(app, X_Forwarded_For="1.1.1.1, 192.0.2.60, 10.0.0.1", X_Forwarded_Proto="https")
    assert found["scheme"] == "https"
    found = seen(make_app("127.0.0.1", headers="X-Forwarded-Proto"), X_Forwarded_Proto="http, wss")
    assert (found["client"], found["scheme"]) == (["127.0.0.1", 1234], "https")


def test_host_port_and_prefix():
    app = make_app("127.0.0.1", headers=ALL)

    def host(**fields):
        return seen(app, **fields)["host"]

    assert host(X_Forwarded_Host="www.example") == "www.example"
    assert host(X_Forwarded_Host="[::1]:81") == "[::1]:81"
    assert host(X_Forwarded_Port="8443") == "inner:8443"
    assert host(X_Forwarded_Port="80") == "inner"
    assert host(X_Forwarded_Port="443", X_Forwarded_Proto="https") == "inner"
    assert host(X_Forwarded_Port="443") == "inner:443"
    assert host(X_Forwarded_Host="www.example:1", X_Forwarded_Port="82") == "www.example:82"
    assert host(X_Forwarded_Host="[::1]", X_Forwarded_Port="82") == "[::1]:82"
    assert seen(app, X_Forwarded_Prefix="/shop/")["root"] == "/shop"
    app = make_app("127.0.0.1", headers=("forwarded", "x-forwarded-prefix"))
    found = seen(app, Forwarded="for=192.0.2.60;proto=https", X_Forwarded_Prefix="/shop")
    assert (found["client"][0], found["root"]) == ("192.0.2.60", "/shop")


def test_malformed_fields_of_a_trusted_proxy_are_400():
    app = make_app("127.0.0.1", headers=ALL)
    for name, values in (
        ("X-Forwarded-For", ("host", "1.1.1.1, x", "1.2.3.4:", "::g", "_a b", "fe80::1%1")),
        ("X-Forwarded-Proto", ("ftp", "https http", '"https"')),
        (
            "X-Forwarded-Host",
            ("a b", "a/b", "u@a", "::1", ":80", '"a"', "a\\b", "a:", "a:b", "a:99999", "a[b", "[a]")
            + ("[::1]x", "[::1", "[1.2.3.4]", "[::1%1]", "[:", "]"),
        ),
        ("X-Forwarded-Port", ("x", "-1", "65536", "8 0", "0x50")),
        ("X-Forwarded-Prefix", ("app", "//evil.example", "/a?b", "/a\\b")),
    ):
        for value in values:
            response = send(app, {name: value})
            assert (response.status_code, value) == (400, value)
            assert name in response.text
    app = make_app("127.0.0.1", headers=("Forwarded", "X-Forwarded-Prefix"))
    for value in ("for", "for=host", "for=1.1.1.1;proto=ftp", 'for=1.1.1.1;host="a b"'):
        response = send(app, {"Forwarded": value})
        assert (response.status_code, "Forwarded field" in response.text) == (400, True)
    assert "X-Forwarded-Prefix" in send(app, {"X-Forwarded-Prefix": "x"}).text


def test_a_refused_request_is_as_it_came():
    app = make_app("127.0.0.1", headers=ALL)
    noted = []

    @app.errorhandler(400)
    async def bad(request):
        noted.append((request.client_addr, request.scheme))
        return "bad", 400

    fields = {
        "X-Forwarded-For": "192.0.2.60",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "x",
    }
    assert send(app, fields).status_code == 400
    assert noted == [(("127.0.0.1", 1234), "http")]


# Options


def test_options_that_would_believe_anybody_or_nobody():
    for arguments, words in (
        ({"trusted": "*"}, "hops=1"),
        ({"trusted": []}, "trusts nobody"),
        ({"trusted": "localhost"}, "'localhost' is no address"),
        ({"trusted": ["127.0.0.1", "10.0.0.1/8"]}, "'10.0.0.1/8' has bits beyond"),
        ({"trusted": [None]}, "None is no address"),
        ({"trusted": "::1", "hops": 0}, "1 or more"),
        ({"trusted": "::1", "hops": True}, "1 or more"),
        ({"trusted": "::1", "hops": "1"}, "1 or more"),
        ({"trusted": "::1", "headers": "X-Real-IP"}, "'X-Real-IP' is not one of"),
        ({"trusted": "::1", "headers": []}, "believes nothing"),
        ({"trusted": "::1", "headers": ["Forwarded", "X-Forwarded-For"]}, "the one kind"),
    ):
        message = refused(TrustedProxies, **arguments)
        assert message and words in message, (arguments, message)


# Together with what looks at these


def test_it_comes_first_whatever_the_order_of_use():
    app = Microdot(autoload=False)
    order = []

    class Looks:
        name = "looks"

        def microdot_request(self, app, request):
            order.append(request.client_addr[0])

    app.use(Looks())
    app.use(TrustedProxies("127.0.0.1"))

    @app.before_request
    async def before(request):
        order.append(request.scheme)

    @app.get("/")
    async def index(request):
        return "ok"

    send(app, {"X-Forwarded-For": "192.0.2.60", "X-Forwarded-Proto": "https"})
    assert order == ["192.0.2.60", "https"]


def test_those_who_log_see_it_also_of_requests_refused_early():
    app = Microdot(autoload=False, max_content_length=10)
    app.use(TrustedProxies("127.0.0.1"))
    logged = []

    class Log:
        name = "log"

        def microdot_response(self, app, request, response):
            logged.append((request.client_addr[0], request.scheme, response.status_code))

    app.use(Log())

    @app.post("/")
    async def index(request):
        return "ok"

    fields = {"X-Forwarded-For": "192.0.2.60", "X-Forwarded-Proto": "https"}
    assert send(app, fields, "POST", body="x" * 11).status_code == 413
    assert send(app, fields, "GET", "/nothing").status_code == 404
    assert send(app, {"X-Forwarded-For": "x"}, "POST", body="x" * 11).status_code == 413
    assert logged == [
        ("192.0.2.60", "https", 413),
        ("192.0.2.60", "https", 404),
        ("127.0.0.1", "http", 413),
    ]


def test_session_cookies_are_secure_behind_tls():
    app = Microdot(autoload=False)
    app.use(Session(secret_key="k" * 32))
    app.use(TrustedProxies("127.0.0.1"))

    @app.get("/")
    @with_session
    async def index(request, session):
        session["n"] = 1
        session.save()
        return "ok"

    def cookie(fields):
        value = send(app, fields).headers["Set-Cookie"]
        return value if isinstance(value, str) else value[0]

    assert "Secure" in cookie({"X-Forwarded-Proto": "https"})
    assert "Secure" not in cookie({"X-Forwarded-Proto": "http"})
    assert "Secure" not in cookie({})


def test_csrf_knows_its_own_origin_behind_a_proxy():
    app = Microdot(autoload=False)
    app.use(CORS(allowed_origins=[]))
    app.use(CSRF(cors=app.plugins["cors"]))
    app.use(TrustedProxies("127.0.0.1", headers=ALL))

    @app.post("/")
    async def index(request):
        return "ok"

    def code(**fields):
        fields = {name.replace("_", "-"): fields[name] for name in fields}
        return send(app, fields, "POST").status_code

    outside = {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "www.example"}
    assert code(Origin="https://www.example", **outside) == 200
    assert code(Origin="http://www.example", **outside) == 403
    assert code(Origin="https://inner:8000", **outside) == 403
    assert code(Origin="https://evil.example", **outside) == 403
    assert code(Origin="http://inner:8000") == 200


def test_redirects_and_links():
    app = make_app("127.0.0.1", headers=ALL)

    @app.get("/old")
    async def old(request):
        return redirect(
            "%s://%s%s/new" % (request.scheme, request.headers["Host"], request.root_path)
        )

    fields = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "www.example",
        "X-Forwarded-Prefix": "/shop",
    }
    assert send(app, fields, path="/old").headers["Location"] == "https://www.example/shop/new"
    assert send(app, {}, path="/old").headers["Location"] == "http://inner:8000/new"


def test_what_is_remembered_of_addresses_is_bounded():
    proxies = TrustedProxies(["10.0.0.0/8", "::1"])
    for _ in range(2):
        for number in range(50):
            assert proxies.trusts("10.0.0.%d" % number)
            assert not proxies.trusts("11.0.0.%d" % number)
            assert len(proxies._known) <= 16
    assert proxies.trusts("::1") and not proxies.trusts("unknown") and not proxies.trusts("")


def test_a_request_without_the_plugin_has_no_prefix():
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        return "[%s]" % request.root_path

    assert send(app, {"X-Forwarded-Prefix": "/evil"}).text == "[]"
