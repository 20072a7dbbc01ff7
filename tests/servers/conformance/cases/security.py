"""Sessions, authentication, CORS and CSRF (RFC 7617, RFC 6750, the Fetch standard)."""

import base64
import json

from servers.conformance.case import Group
from servers.conformance.client import get, request

case = Group("Sessions, authentication, other origins")

ORIGIN = "https://example.com"
OTHER = "https://other.example"


def visit(served, cookie=None, path="/session"):
    """Return the response, and the cookie that it sets."""
    reply = served.ask(get(path, **({"Cookie": cookie} if cookie else {})))
    (line,) = [value for name, value in reply.pairs if name == "set-cookie"]
    return reply, line


@case
def a_session_is_kept(served):
    cookie = None
    for number in (1, 2, 3):
        reply, line = visit(served, cookie)
        assert json.loads(reply.body) == {"count": number}
        cookie, _, attributes = line.partition("; ")
        assert attributes == "Path=/; HttpOnly; SameSite=Lax"


@case
def a_session_that_was_tampered_with_is_empty(served):
    _, line = visit(served)
    head, payload, signature = line.partition("; ")[0].split(".")
    changed = base64.urlsafe_b64encode(b'{"count": 100}').rstrip(b"=").decode()
    reply, _ = visit(served, ".".join((head, changed, signature)))
    assert json.loads(reply.body) == {"count": 1}


@case
def a_session_ends(served):
    _, line = visit(served)
    reply, line = visit(served, line.partition("; ")[0], "/session-end")
    assert reply.body == b"bye"
    assert line.startswith("session=;") and "Max-Age=0" in line


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


@case
def basic_authentication(served):
    reply = served.ask(get("/basic"))
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith('Basic realm="suite"')
    reply = served.ask(get("/basic", Authorization=basic("jos\xe9:pass:w\xf6rd")))
    assert (reply.status, json.loads(reply.body)) == (200, {"user": "jos\xe9"})
    for value in (basic("jos\xe9:wrong"), "Basic", "Basic !", "Bearer abc.DEF"):
        assert served.ask(get("/basic", Authorization=value)).status == 401


@case
def a_refused_body_does_not_disturb(served):
    reply = served.ask(request("POST", "/basic", body=b"x" * 5000))
    assert reply.status == 401
    assert served.ask(get("/")).body == b"hello"


@case
def token_authentication(served):
    reply = served.ask(get("/token", Authorization="Bearer abc.DEF"))
    assert (reply.status, json.loads(reply.body)) == (200, {"user": "robot"})
    reply = served.ask(get("/token", Authorization="Bearer abc.DEE"))
    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")


def fields(reply):
    """Return what the response says to pages of other origins."""
    return {name: value for name, value in reply.pairs if name.startswith("access-control-")}


GRANTED = {
    "access-control-allow-origin": ORIGIN,
    "access-control-allow-credentials": "true",
}


@case
def an_allowed_origin(served):
    reply = served.ask(get("/cors/data", Origin=ORIGIN))
    assert (reply.body, fields(reply)) == (b"data", GRANTED)
    assert "origin" in reply.headers["vary"].lower()


@case
def a_refused_origin(served):
    reply = served.ask(get("/cors/data", Origin=OTHER))
    assert (reply.body, fields(reply)) == (b"data", {})
    assert "origin" in reply.headers["vary"].lower()


@case
def an_allowed_origin_reads_errors(served):
    reply = served.ask(get("/cors/fail", Origin=ORIGIN))
    assert (reply.status, fields(reply)) == (500, GRANTED)


@case
def a_preflight_request(served):
    asked = {"Access_Control_Request_Method": "PUT", "Access_Control_Request_Headers": "x-test"}
    reply = served.ask(request("OPTIONS", "/cors/data", Origin=ORIGIN, **asked))
    assert (reply.status, reply.body) == (200, b"")
    assert fields(reply) == dict(
        GRANTED,
        **{
            "access-control-allow-methods": "PUT",
            "access-control-allow-headers": "x-test",
            "access-control-max-age": "60",
        },
    )
    reply = served.ask(request("OPTIONS", "/cors/data", Origin=OTHER, **asked))
    assert fields(reply) == {}


@case
def other_routes_say_nothing_to_other_origins(served):
    assert fields(served.ask(get("/", Origin=ORIGIN))) == {}


@case
def a_form_of_another_site_is_refused(served):
    for headers in ({"Sec_Fetch_Site": "cross-site", "Origin": OTHER}, {"Origin": OTHER}):
        assert served.ask(request("POST", "/csrf/change", body=b"x", **headers)).status == 403


@case
def a_form_of_the_own_site_passes(served):
    for headers in ({"Sec_Fetch_Site": "same-origin"}, {"Origin": "http://test"}, {}):
        reply = served.ask(request("POST", "/csrf/change", body=b"x", **headers))
        assert (reply.status, reply.body) == (200, b"changed")
    assert served.ask(get("/csrf/change", Sec_Fetch_Site="cross-site")).body == b"changed"
