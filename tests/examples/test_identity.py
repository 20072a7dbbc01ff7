"""The login, forms and other origins of the demo over HTTP, on both platforms."""

import json
import pathlib

import harness
import pytest
from harness import get, request

DEMO = pathlib.Path(__file__).resolve().parents[2] / "examples/demo/app.py"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module", params=sorted(harness.PLATFORMS))
def server(request):
    served = harness.PLATFORMS[request.param](app=DEMO)
    yield served
    output = served.stop()
    assert "Traceback" not in output, output


def cookies_of(reply):
    """Return the cookies that a response sets, as {name: (value, attributes)}."""
    found = {}
    for name, value in reply.pairs:
        if name == "set-cookie":
            pair, *attributes = value.split("; ")
            name, _, value = pair.partition("=")
            found[name] = value, sorted(attributes)
    return found


def post(path, body, **headers):
    return request("POST", path, body=body, Content_Type=FORM, **headers)


def log_in(server, body=b"name=ada&password=lovelace", path="/login?next=/account"):
    """Log in; return the ``Cookie`` field of what the client does next."""
    reply = server.ask(post(path, body), timeout=20)
    assert (reply.status, reply.headers["location"]) == (302, "/account")
    return "; ".join("%s=%s" % (name, pair[0]) for name, pair in cookies_of(reply).items())


def who(server, cookie):
    return json.loads(server.ask(get("/api/account", Cookie=cookie)).body)


def test_the_pages_for_users_lead_to_the_login(server):
    for path in ("/account", "/account/secret", "/api/account"):
        reply = server.ask(get(path))
        assert (reply.status, reply.headers["location"]) == (302, "/login?next=" + path)


def test_a_wrong_password_is_no_login(server):
    reply = server.ask(post("/login?next=/account", b"name=ada&password=x"), timeout=20)
    assert (reply.status, reply.headers["location"]) == (303, "/login?next=/account&wrong=1")
    assert cookies_of(reply) == {}


def test_a_login_sets_a_cookie_and_a_remembered_one_two(server):
    reply = server.ask(post("/login", b"name=ada&password=lovelace"), timeout=20)
    assert cookies_of(reply)["session"][1] == ["HttpOnly", "Path=/", "SameSite=Lax"]
    assert len(cookies_of(reply)) == 1
    reply = server.ask(post("/login", b"name=ada&password=lovelace&remember=on"), timeout=20)
    assert cookies_of(reply)["_remember"][1] == [
        "HttpOnly",
        "Max-Age=2592000",
        "Path=/",
        "SameSite=Lax",
    ]
    assert len(cookies_of(reply)) == 2


def test_the_session_lasts_from_request_to_request(server):
    cookie = log_in(server)
    assert who(server, cookie)["name"] == "ada"
    reply = server.ask(get("/api/account", Cookie=cookie))
    assert json.loads(reply.body)["visits"] == 1
    after = "session=" + cookies_of(reply)["session"][0]
    assert who(server, after)["visits"] == 2


def test_a_remembered_login_is_not_fresh_and_ends_with_the_logout(server):
    cookie = log_in(server, b"name=grace&password=hopper&remember=on")
    remembered = [pair for pair in cookie.split("; ") if pair.startswith("_remember=")][0]
    found = who(server, remembered)
    assert (found["name"], found["fresh"]) == ("grace", False)
    assert server.ask(get("/account/secret", Cookie=cookie)).status == 200
    reply = server.ask(get("/account/secret", Cookie=remembered))
    assert reply.headers["location"] == "/login?next=/account/secret"
    reply = server.ask(post("/logout", b"", Cookie=cookie))
    assert (reply.status, reply.headers["location"]) == (303, "/")
    assert {name: pair[0] for name, pair in cookies_of(reply).items()}["_remember"] == ""
    assert server.ask(get("/api/account", Cookie=remembered)).status == 302


def test_tampered_cookies_are_nobody(server):
    cookie = log_in(server)
    for changed in (cookie[:-3], cookie + "x", "session=", "session=a.b.c", "session=é"):
        assert server.ask(get("/api/account", Cookie=changed)).status == 302, changed


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "same-origin"}, 303),
        ({}, 303),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
    ],
)
def test_forms_of_other_sites_are_refused(server, headers, status):
    cookie = log_in(server)
    motto = "of " + " ".join(headers.values())
    body = b"motto=" + motto.replace(" ", "+").encode()
    assert server.ask(post("/account/motto", body, Cookie=cookie, **headers)).status == status
    assert (who(server, cookie)["motto"] == motto) == (status == 303)


def test_other_origins_read_what_is_theirs(server):
    def allowed(path, origin, method="GET", **headers):
        reply = server.ask(request(method, path, Origin=origin, **headers))
        return {
            name[15:]: value for name, value in reply.pairs if name.startswith("access-control-")
        }

    assert allowed("/api/private", "http://localhost:1") == {}
    assert allowed("/api/open", "http://x.example") == {"allow-origin": "http://x.example"}
    assert allowed("/api/partner", "http://x.example") == {}
    assert allowed("/api/partner", "http://localhost:1") == {
        "allow-origin": "http://localhost:1",
        "allow-credentials": "true",
        "expose-headers": "X-Method",
    }
    preflight = {
        "Access_Control_Request_Method": "PUT",
        "Access_Control_Request_Headers": "content-type",
    }
    found = allowed("/api/partner", "http://127.0.0.1", "OPTIONS", **preflight)
    assert (found["allow-methods"], found["allow-headers"]) == ("PUT", "content-type")
    preflight["Access_Control_Request_Method"] = "DELETE"
    found = allowed("/api/partner", "http://127.0.0.1", "OPTIONS", **preflight)
    assert "allow-methods" not in found
