"""CORS and CSRF over sockets, on both platforms."""

import pathlib
import re

import pytest
from harness import PLATFORMS, get, request

APP = pathlib.Path(__file__).with_name("app.py")
GOOD = "https://example.com"
BAD = "https://evil.example"


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    server = PLATFORMS[request.param](app=APP)
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


def fields(reply):
    """Return what CORS has to do with, by the ends of the names."""
    return {
        name.replace("access-control-", ""): value
        for name, value in reply.pairs
        if name == "vary" or name.startswith("access-control-")
    }


def preflight(served, origin, method, *names, path="/"):
    more = {"Access_Control_Request_Headers": ",".join(names)} if names else {}
    return served.ask(
        request("OPTIONS", path, Origin=origin, Access_Control_Request_Method=method, **more)
    )


def test_a_response_to_an_allowed_origin(served):
    reply = served.ask(get("/", Origin=GOOD))
    assert reply.status == 200 and reply.body == b"hello"
    expected = {"allow-origin": GOOD, "allow-credentials": "true", "vary": "Origin"}
    assert fields(reply) == expected
    assert fields(served.ask(get("/missing", Origin=GOOD))) == expected


def test_a_response_to_others(served):
    assert fields(served.ask(get("/", Origin=BAD))) == {"vary": "Origin"}
    assert fields(served.ask(get("/"))) == {"vary": "Origin"}
    assert fields(served.ask(get("/", Origin="null"))) == {"vary": "Origin"}


def test_a_preflight(served):
    reply = preflight(served, GOOD, "PUT", "x-test")
    assert reply.status == 200
    assert fields(reply) == {
        "allow-origin": GOOD,
        "allow-credentials": "true",
        "allow-methods": "PUT",
        "allow-headers": "x-test",
        "max-age": "60",
        "vary": "Origin",
    }


@pytest.mark.parametrize(
    ("origin", "method", "names"),
    [(BAD, "PUT", ["x-test"]), (GOOD, "DELETE", []), (GOOD, "PUT", ["x-test", "x-other"])],
)
def test_a_refused_preflight_says_nothing(served, origin, method, names):
    assert fields(preflight(served, origin, method, *names)) == {"vary": "Origin"}


def test_a_route_with_options_of_its_own(served):
    assert fields(served.ask(get("/open", Origin=BAD))) == {"allow-origin": "*"}
    reply = preflight(served, BAD, "GET", path="/open")
    assert fields(reply) == {}  # GET is not among the methods: simple requests need no preflight


def test_a_regular_expression_and_an_origin_made_to_hurt_it(served):
    good = "https://a.example.org"
    assert fields(served.ask(get("/", Origin=good)))["allow-origin"] == good
    for hostile in ("https://" + "a." * 3000 + "example.org", "https://a.example.org.evil.example"):
        reply = served.ask(get("/", Origin=hostile))
        assert reply.status == 200 and fields(reply) == {"vary": "Origin"}


def test_an_origin_that_would_begin_another_field(served):
    reply = served.ask(get("/open", Origin=GOOD + "\rX-Injected: yes"))
    assert reply.status == 400
    assert "x-injected" not in reply.headers


def test_bytes_that_are_no_request(served):
    reply = served.ask(b"\x16\x03\x01\r\n\r\n")
    assert reply.status == 400 and fields(reply) == {}


def test_csrf_decides_by_the_fields_of_the_browser(served):
    def status(**headers):
        return served.ask(request("POST", **headers)).status

    assert status(Sec_Fetch_Site="same-origin") == 200
    assert status(Sec_Fetch_Site="none") == 200
    assert status(Sec_Fetch_Site="same-site") == 403
    assert status(Sec_Fetch_Site="cross-site") == 403
    assert status(Origin="http://test") == 200
    assert status(Origin=BAD) == 403
    assert status(Origin="null") == 403
    assert status(Sec_Fetch_Site="cross-site", Origin=GOOD) == 200
    assert status() == 403
    assert served.ask(request("POST", "/hook", Sec_Fetch_Site="cross-site")).status == 200
    assert served.ask(get("/", Sec_Fetch_Site="cross-site")).status == 200


def test_a_refusal_by_csrf_keeps_the_connection_and_names_what_it_depends_on(served):
    with served.connect() as connection:
        from harness import Reply

        for _ in range(2):
            connection.sendall(request("POST", body=b"x=1", Sec_Fetch_Site="cross-site"))
            reply = Reply(connection)
            assert reply.status == 403 and reply.body == b"Forbidden"
            assert reply.headers["vary"] == "Origin, Sec-Fetch-Site"


def test_a_client_without_these_fields_brings_a_token(served):
    reply = served.ask(get("/token"))
    token = reply.body.decode()
    assert re.match(r"[0-9a-f]{32}\.[0-9a-f]{64}$", token)
    cookie = reply.headers["set-cookie"].split(";")[0]
    assert cookie == "csrf_token=" + token
    assert served.ask(request("POST", Cookie=cookie, X_CSRF_Token=token)).status == 200
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    body = b"csrf_token=" + token.encode()
    assert served.ask(request("POST", body=body, Cookie=cookie, **form)).status == 200
    assert served.ask(request("POST", body=body, **form)).status == 403
    assert served.ask(request("POST", Cookie=cookie)).status == 403
    forged = "csrf_token=" + token[:-1] + ("0" if token[-1] != "0" else "1")
    assert served.ask(request("POST", Cookie=forged, X_CSRF_Token=forged[11:])).status == 403
