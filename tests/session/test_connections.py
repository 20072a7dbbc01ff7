"""Sessions over sockets, on both platforms; cookies of the one are those of the other."""

import json
import os
import pathlib
import random

import jwt
import pytest
from harness import PLATFORMS, Reply, get, request

APP = pathlib.Path(__file__).with_name("app.py")
KEY = "top-secret, and as long as PyJWT likes it"


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    server = PLATFORMS[request.param](app=APP)
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


@pytest.fixture(scope="module", params=PLATFORMS)
def stored(request):
    server = PLATFORMS[request.param]("memory", app=APP)
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


def cookie_of(reply):
    """Return the value of the one session cookie of a response, and its attributes."""
    (line,) = [value for name, value in reply.pairs if name == "set-cookie"]
    pair, _, attributes = line.partition("; ")
    assert pair.startswith("session=")
    return pair[len("session=") :], attributes


def ask(server, path, cookie=None):
    return server.ask(get(path, **({"Cookie": "session=" + cookie} if cookie else {})))


def test_a_session_from_its_beginning_to_its_end(served):
    cookie = None
    for number in (1, 2, 3):
        reply = ask(served, "/count", cookie)
        assert json.loads(reply.body) == {"count": number}
        assert reply.headers["vary"] == "Cookie"
        cookie, attributes = cookie_of(reply)
        assert attributes == "Path=/; HttpOnly; SameSite=Lax"
    reply = ask(served, "/delete", cookie)
    value, attributes = cookie_of(reply)
    assert value == "" and "Max-Age=0" in attributes


def test_pyjwt_reads_the_cookies_of_both(served):
    cookie, _ = cookie_of(ask(served, "/count"))
    claims = jwt.decode(cookie, KEY, algorithms=["HS256"])
    assert claims["count"] == 1
    assert claims["exp"] - claims["iat"] == 31 * 86400


def test_both_read_the_cookies_of_pyjwt(served):
    cookie = jwt.encode({"count": 41, "name": "\u20ac"}, KEY, algorithm="HS256")
    assert json.loads(ask(served, "/", cookie).body) == {"count": 41, "name": "\u20ac"}
    assert json.loads(ask(served, "/count", cookie).body) == {"count": 42}
    for other in (
        jwt.encode({"count": 41}, KEY[1:], algorithm="HS256"),
        jwt.encode({"count": 41}, None, algorithm="none"),
        jwt.encode({"count": 41}, KEY * 2, algorithm="HS512"),
        jwt.encode({"count": 41, "exp": 1300819380}, KEY, algorithm="HS256"),
        jwt.encode({"count": 41, "nbf": 4000000000}, KEY, algorithm="HS256"),
    ):
        assert ask(served, "/", other).body == b"{}"


def test_cookies_of_one_platform_are_sessions_on_the_other():
    servers = [start(app=APP) for start in PLATFORMS.values()]
    try:
        cookie = None
        for number in range(1, 7):
            reply = ask(servers[number % 2], "/count", cookie)
            assert json.loads(reply.body) == {"count": number}
            cookie, _ = cookie_of(reply)
    finally:
        outputs = [server.stop() for server in servers]
    assert "Traceback" not in "".join(outputs)


def test_w_sess_05_what_a_peer_makes_up_is_an_empty_session(served):
    good, _ = cookie_of(ask(served, "/count"))
    chance = random.Random(5)
    alphabet = 'ABCabc019-_.=+/ "{}[]%\\\xe9\u20ac'
    with served.connect() as connection:
        for turn in range(150):
            kind = turn % 5
            at = chance.randrange(len(good))
            if kind == 0:
                cookie = good[:at]
            elif kind == 1:
                other = chance.choice([c for c in "ABCabc019-_." if c != good[at]])
                cookie = good[:at] + other + good[at + 1 :]
            elif kind == 2:
                cookie = "".join(chance.choice(alphabet) for _ in range(at))
            elif kind == 3:
                parts = good.split(".")
                chance.shuffle(parts)
                cookie = ".".join(parts[: chance.randrange(3)])
            else:
                cookie = good + chance.choice(alphabet.strip().replace(" ", ""))
            connection.sendall(get("/", Cookie="session=" + cookie))
            reply = Reply(connection)
            assert (reply.status, reply.body) == (200, b"{}"), cookie
    assert json.loads(ask(served, "/", good).body) == {"count": 1}


def test_random_bytes_as_a_cookie(served):
    for _ in range(20):
        data = os.urandom(100).translate(None, b"\r\n\0")
        reply = served.ask(b"GET / HTTP/1.1\r\nHost: x\r\nCookie: session=" + data + b"\r\n\r\n")
        assert reply.status in (200, 400)
        assert reply.status == 400 or reply.body == b"{}"


def test_what_is_larger_than_a_cookie(served):
    body = json.dumps({"x": "x" * 2500}).encode()
    reply = served.ask(request("POST", "/save", body=body, Content_Type="application/json"))
    assert reply.status == 200
    cookie, _ = cookie_of(reply)
    assert len(json.loads(ask(served, "/", cookie).body)["x"]) == 2500


def test_w_sess_01_a_deleted_session_is_not_revived(stored):
    cookie, _ = cookie_of(ask(stored, "/count"))
    assert json.loads(ask(stored, "/", cookie).body) == {"count": 1}
    assert len(cookie) < 250
    assert ask(stored, "/delete", cookie).status == 200
    for _ in range(2):
        assert ask(stored, "/", cookie).body == b"{}"
    again, _ = cookie_of(ask(stored, "/count", cookie))
    assert json.loads(ask(stored, "/", again).body) == {"count": 1}
    assert ask(stored, "/", cookie).body == b"{}"


def test_a_board_keeps_as_many_sessions_as_it_has_room_for(stored):
    cookies = [cookie_of(ask(stored, "/count"))[0] for _ in range(40)]
    assert json.loads(ask(stored, "/", cookies[-1]).body) == {"count": 1}
    kept = sum(ask(stored, "/", cookie).body != b"{}" for cookie in cookies)
    assert kept in (32, 40)  # MicroPython, CPython
