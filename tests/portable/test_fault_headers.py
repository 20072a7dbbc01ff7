"""Contract section 28.5: header fields, cookies, redirects. Runs on CPython and on MicroPython."""

import asyncio
import sys

from microdot import Microdot, Request, Response, redirect
from microdot.fields import encode_head
from microdot.test_client import TestClient


def refused(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except ValueError:
        return True
    return False


def cookie(*args, **kwargs):
    res = Response()
    res.set_cookie(*args, **kwargs)
    return res.headers["Set-Cookie"]


def test_w_sec_01_control_characters_in_fields_are_refused():
    for name, value in (("X", "a\r\nY: b"), ("X", "a\0"), ("X\r\nY", "b"), ("X Y", "b"), ("", "b")):
        assert refused(encode_head, 200, None, [(name, value)])
    assert encode_head(200, None, [("X", "caf\xe9")]).endswith(b"\r\nX: caf\xe9\r\n\r\n")


def test_w_sec_02_control_characters_in_the_reason_are_refused():
    assert refused(encode_head, 200, "OK\r\nX: y", [])
    assert encode_head(200, "ALL GOOD!", []) == b"HTTP/1.1 200 ALL GOOD!\r\n\r\n"


def test_w_sec_03_cookies_follow_rfc_6265():
    for name in ("", "a b", "a;b", "a=b", "a\r\n", "caf\xe9"):
        assert refused(cookie, name, "x"), name
    for value in ("a;b", "a b", "a,b", 'a"b', "a\\b", "a\r\nb", "a\0b", "caf\xe9"):
        assert refused(cookie, "x", value), value
    for options in ({"path": "/;x"}, {"domain": "a;b"}, {"path": "/\r\n"}, {"expires": "a;b"}):
        assert refused(cookie, "x", "y", **options), options
    assert cookie("x", '"quoted"') == ['x="quoted"']
    res = Response()
    refused(res.set_cookie, "x", "a;b")
    assert "Set-Cookie" not in res.headers


def test_w_sec_04_redirects_are_valid():
    for status in (200, 404, 299, 400):
        assert refused(redirect, "/x", status)
    for target in ("/x\r\nX: y", "/x\n"):
        assert refused(redirect, target)
    assert (
        redirect("/a b/caf\xe9?q=1&r=%20#f").headers["Location"] == "/a%20b/caf%C3%A9?q=1&r=%20#f"
    )


def test_w_sec_05_same_site():
    assert cookie("a", "b", same_site="lax") == ["a=b; SameSite=Lax"]
    assert cookie("a", "b", secure=True, same_site="None") == ["a=b; Secure; SameSite=None"]
    assert refused(cookie, "a", "b", same_site="maybe")


def test_w_sec_06_dates_are_utc():
    # RFC 9110 5.6.7's own example.
    assert cookie("a", "b", expires=(1994, 11, 6, 8, 49, 37, 6, 310)) == [
        "a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT"
    ]
    if sys.implementation.name == "cpython":
        import datetime

        zone = datetime.timezone(datetime.timedelta(hours=2))
        aware = datetime.datetime(1994, 11, 6, 10, 49, 37, tzinfo=zone)
        naive = datetime.datetime(1994, 11, 6, 8, 49, 37)
        for when in (aware, naive):
            assert cookie("a", "b", expires=when)[0].endswith("Sun, 06 Nov 1994 08:49:37 GMT")


def test_w_sec_07_a_cookie_given_as_text_and_one_added():
    res = Response(headers={"Set-Cookie": "a=1"})
    res.set_cookie("b", 2)
    assert res.headers["Set-Cookie"] == ["a=1", "b=2"]


def test_w_sec_08_quotes_and_duplicates():
    request = Request(None, None, "GET", "/", "1.1", {"Cookie": 'a="1"; a=2; b=""; c="'})
    assert request.cookies == {"a": "1", "b": "", "c": '"'}


def test_w_mpy_03_dates_without_strftime():
    app = Microdot()

    @app.get("/")
    async def index(request):
        res = Response("x")
        res.set_cookie("a", "b", expires=0)
        return res

    headers = asyncio.run(TestClient(app).get("/")).headers
    assert headers["Set-Cookie"] == ["a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]
