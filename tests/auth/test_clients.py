"""Authentication and logins over sockets, on both platforms, with clients that others wrote."""

import http.cookiejar
import json
import os
import pathlib
import random
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest
from harness import PLATFORMS, Reply, get, request

APP = pathlib.Path(__file__).with_name("auth_app.py")


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    server = PLATFORMS[request.param](app=APP)
    server.platform = request.param
    yield server
    assert server.ask(get("/ping")).body == b"pong"
    output = server.stop()
    assert "Traceback" not in output, output


def url(served, path):
    # Not 127.0.0.1: cookie jars of the standard library take a name with a dot, or this one.
    return "http://localhost:%d%s" % (served.port, path)


def test_urllib_answers_the_challenge_of_basic_authentication(served):
    # It asks without credentials, reads the realm, and comes back. It sends UTF-8.
    passwords = urllib.request.HTTPPasswordMgr()
    passwords.add_password('the "cellar"', url(served, "/"), "jos\xe9", "\u20ac:uro")
    seen = []

    class Handler(urllib.request.HTTPBasicAuthHandler):
        def http_error_401(self, req, fp, code, msg, headers):
            seen.append(headers["WWW-Authenticate"])
            # Its parser stops at the first quote; what it has to find is what was meant.
            return self.retry_http_basic_auth(req.full_url, req, 'the "cellar"')

    opener = urllib.request.build_opener(Handler(passwords))
    with opener.open(url(served, "/basic"), timeout=5) as response:
        assert json.load(response) == {"user": "jos\xe9", "body": ""}
    assert seen == ['Basic realm="the \\"cellar\\"", charset="UTF-8"']


@pytest.mark.skipif(
    not shutil.which("curl") and os.environ.get("CI") != "true", reason="curl is not installed"
)
def test_curl(served):
    def curl(*words):
        done = subprocess.run(
            ["curl", "-s", "-m", "10", "-w", "\n%{http_code}", *words],
            stdout=subprocess.PIPE,
            check=True,
        )
        body, _, status = done.stdout.decode().rpartition("\n")
        return int(status), body

    basic = url(served, "/basic")
    status, body = curl("--anyauth", "-u", "jos\xe9:\u20ac:uro", basic)
    assert (status, json.loads(body)["user"]) == (200, "jos\xe9")
    assert curl("--anyauth", "-u", "jos\xe9:wrong", basic)[0] == 401
    assert curl("-u", "jos\xe9:", basic)[0] == 401
    assert curl(basic)[0] == 401
    status, body = curl("--oauth2-bearer", "abc.DEF~1==", url(served, "/token"))
    assert (status, json.loads(body)["user"]) == (200, "robot")
    assert curl("--oauth2-bearer", "abc.DEF~1=", url(served, "/token"))[0] == 401


def test_a_refused_request_leaves_the_connection_usable(served):
    with served.connect() as connection:
        connection.sendall(request("POST", "/basic", body=b"x" * 3000))
        reply = Reply(connection)
        assert (reply.status, reply.body) == (401, b"")
        connection.sendall(get("/token"))
        reply = Reply(connection)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == 'Bearer realm="Restricted"'
        connection.sendall(get("/token", Authorization="bearer abc.DEF~1=="))
        assert json.loads(Reply(connection).body) == {"user": "robot"}


def test_streams_are_protected_too(served):
    assert served.ask(get("/stream")).status == 401
    reply = served.ask(get("/stream", Authorization="Bearer abc.DEF~1=="))
    assert (reply.status, reply.body) == (200, b"123")


def test_malformed_credentials_are_no_credentials(served):
    good = "am9zw6k6QkxB"
    values = ["", " ", "Basic", "Basic =", "Basic " + good[:-1], "Basic  " + good + "=", "\xff\xfe"]
    values += ["Basic %s,%s" % (good, good), "Basic \xff", "Basic " + "A" * 3000, "=, ,", '"']
    values += ["Basic /////w==", "Basic AAAA", "Basic Og==", "Bearer", "Bearer ", "Bearer a b", ","]
    source = random.Random(7)
    for _ in range(150):
        text = "".join(chr(source.choice(CHARACTERS)) for _ in range(source.randint(0, 30)))
        values.append(source.choice(["Basic ", "Bearer ", ""]) + text)
    for value in values:
        data = ("Authorization: " + value).encode("latin-1")
        for path in ("/basic", "/token"):
            head = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: test\r\n"
            reply = served.ask(head + data + b"\r\n\r\n")
            assert reply.status == 401, value
            assert "www-authenticate" in reply.headers
        reply = served.ask(b"GET /open HTTP/1.1\r\nHost: test\r\n" + data + b"\r\n\r\n")
        assert (reply.status, json.loads(reply.body)) == (200, {"user": None}), value


#: What a field value may have (RFC 9110 section 5.5).
CHARACTERS = [9, *range(32, 127), *range(128, 256)]


def test_other_requests_go_on_while_a_password_is_checked(served):
    slow = PLATFORMS[served.platform](
        str(300000 if served.platform == "micropython" else 5000000), app=APP
    )
    try:
        check_turns(slow)
    finally:
        slow.stop()


def check_turns(server):
    began = time.monotonic()
    spent = []

    def ask():
        server.ask(get("/basic", Authorization="Basic am9zw6k6eA=="), timeout=50)
        spent.append(time.monotonic() - began)

    thread = threading.Thread(target=ask)
    thread.start()
    longest = 0.0
    turns = 0
    while thread.is_alive():
        start = time.monotonic()
        assert server.ask(get("/ping")).body == b"pong"
        longest = max(longest, time.monotonic() - start)
        turns += 1
    thread.join()
    assert turns > 5
    assert longest < spent[0] / 2


class Browser:
    """A client with cookies, of the standard library; it does not follow redirects by itself."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *arguments):
            return None

    def __init__(self, served):
        self.served = served
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.jar), self.Stay()
        )

    def ask(self, path, **form):
        """Return (status, Location or body) of a GET, or with ``form`` of a POST."""
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with self.opener.open(url(self.served, path), data, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers.get("Location") or error.read().decode()

    def names(self):
        return sorted(cookie.name for cookie in self.jar)


def test_a_browser_logs_in_and_out(served):
    browser = Browser(served)
    status, target = browser.ask("/home?a=b+c")
    assert (status, target) == (302, "/login?next=/home%3Fa%3Db%2Bc")
    assert browser.ask(target) == (200, "please")
    assert browser.ask(target, name="jos\xe9", password="x") == (403, "wrong")
    assert browser.ask(target, name="nobody", password="x") == (403, "wrong")
    assert browser.ask(target, name="jos\xe9") == (403, "wrong")
    status, target = browser.ask(target, name="jos\xe9", password="\u20ac:uro", remember="on")
    assert (status, target) == (302, "/home?a=b+c")
    assert browser.names() == ["_remember", "session"]
    status, body = browser.ask(target)
    assert (status, json.loads(body)) == (200, {"user": "jos\xe9"})
    assert browser.ask("/safe")[0] == 200
    # The browser is closed: what has no time is forgotten.
    browser.jar.clear_session_cookies()
    assert browser.names() == ["_remember"]
    copy = next(iter(browser.jar)).value
    assert browser.ask("/home")[0] == 200
    assert browser.ask("/safe") == (302, "/login?next=/safe")
    assert browser.ask("/logout", x="y") == (302, "/ping")
    assert browser.names() == ["session"]
    assert browser.ask("/home") == (302, "/login?next=/home")
    # Nor does a copy of the cookie help.
    reply = served.ask(get("/home", Cookie="_remember=" + copy))
    assert reply.status == 302


def test_cookies_of_a_login_are_flagged(served):
    body = b"name=jos%C3%A9&password=%E2%82%AC%3Auro&remember=1"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = served.ask(request("POST", "/login?next=//evil.com", body=body, **form))
    assert (reply.status, reply.headers["location"]) == (302, "/")
    cookies = {v.partition("=")[0]: v for n, v in reply.pairs if n == "set-cookie"}
    assert sorted(cookies) == ["_remember", "session"]
    for text in cookies.values():
        assert "HttpOnly" in text and "SameSite=Lax" in text and "Path=/" in text


def test_malformed_cookies_are_nobody(served):
    source = random.Random(8)
    letters = "abcXYZ019-_.=%"
    for _ in range(100):
        value = "".join(source.choice(letters) for _ in range(source.randint(0, 80)))
        cookie = "_remember=%s; session=%s" % (value, value[::-1])
        assert served.ask(get("/home", Cookie=cookie)).status == 302, value
