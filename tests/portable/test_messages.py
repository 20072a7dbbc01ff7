"""What applications rely on: the pinned facts of contract sections 7 to 10 and 21. Both platforms."""

import asyncio

from microdot import AsyncBytesIO, Microdot, Request, Response, URLPattern, redirect, send_file
from microdot.microdot import HTTPException, MultiDict, NoCaseDict, mro, urldecode, urlencode
from microdot.test_client import TestClient


def ask(app, path, method="GET", headers=None, body=None, **client):
    return asyncio.run(TestClient(app, **client).request(method, path, headers, body))


def create(text, scheme=None):
    data = text.replace("\n", "\r\n") if "\r" not in text else text
    reader = AsyncBytesIO(data.encode())
    return asyncio.run(Request.create("app", reader, "writer", "addr", scheme))


class Wire:
    """What Response.write() writes to."""

    def __init__(self):
        self.data = b""

    async def awrite(self, data):
        self.data += data


def written(res):
    wire = Wire()
    asyncio.run(res.write(wire))
    return wire.data


def lines(data):
    head, _, body = data.partition(b"\r\n\r\n")
    first, _, rest = head.partition(b"\r\n")
    return first, sorted(rest.split(b"\r\n")), body


def test_create_a_request():
    req = create("GET /foo HTTP/1.0\nHost: foo.com:1234\nX-Case: a\n\n")
    assert (req.app, req.client_addr, req.method, req.path) == ("app", "addr", "GET", "/foo")
    assert (req.http_version, req.query_string, req.scheme) == ("1.0", None, "http")
    assert req.headers == {"Host": "foo.com:1234", "X-Case": "a"}
    assert req.headers["host"] == "foo.com:1234"
    assert sorted(req.headers) == ["Host", "X-Case"]
    assert (req.content_length, req.content_type, req.body) == (0, None, b"")
    assert create("GET / HTTP/1.0\n\n", "https").scheme == "https"
    assert create("") is None


def test_create_accepts_bare_line_feeds():
    reader = AsyncBytesIO(b"POST /x HTTP/1.1\nContent-Length: 3\n\nabc")
    req = asyncio.run(Request.create(None, reader, None, None))
    assert req.body == b"abc"


def test_create_limits_lines():
    text = "GET /%s HTTP/1.0\r\n\r\n"
    fits = Request.max_readline - len(text % "") + 2
    assert create(text % ("a" * fits)) is not None
    try:
        create(text % ("a" * (fits + 1)))
    except ValueError:
        return
    raise AssertionError("no ValueError")


def test_query_strings():
    req = create("GET /?foo=bar&abc=def&foo&x=%2f%% HTTP/1.0\n\n")
    assert req.args == {"foo": ["bar", ""], "abc": ["def"], "x": ["/%%"]}
    assert req.query_string == "foo=bar&abc=def&foo&x=%2f%%"
    assert create("GET /?a=b+c HTTP/1.0\n\n").args.get("a") == "b c"


def test_cookies():
    req = create("GET / HTTP/1.0\nCookie: foo=bar;nothing;abc=def;\n\n")
    assert req.cookies == {"foo": "bar", "nothing": "", "abc": "def", "": ""}
    assert create("GET / HTTP/1.0\n\n").cookies == {}


def post(kind, body):
    text = "POST / HTTP/1.0\n"
    if kind:
        text += "Content-Type: %s\n" % kind
    return create(text + "Content-Length: %d\n\n" % len(body) + body)


def test_json():
    req = post("application/json; charset=utf-8", '{"foo": "bar"}')
    assert req.json == {"foo": "bar"}
    assert req.json is req.json
    assert post("text/plain", "{}").json is None
    assert post(None, "{}").json is None


def test_form():
    req = post("application/x-www-form-urlencoded", "foo=bar&abc=def&x=%2f%%")
    assert req.form == MultiDict({"foo": "bar", "abc": "def", "x": "/%%"})
    assert req.form is req.form
    assert post("application/x-www-form-urlencoded", "").form == {}
    assert post("text/plain", "a=b").form is None
    assert post(None, "a=b").form is None


def test_a_large_body_is_left_to_the_stream():
    old = Request.max_content_length, Request.max_body_length
    Request.max_content_length, Request.max_body_length = 32, 16
    try:
        req = post("text/plain", "x" * 19)
        assert req.body == b""
        assert asyncio.run(req.stream.read()) == b"x" * 19
        req = post("text/plain", "x" * 10)
        assert req.body == b"x" * 10
        assert asyncio.run(req.stream.read()) == b"x" * 10
    finally:
        Request.max_content_length, Request.max_body_length = old


def test_write():
    first, fields, body = lines(written(Response("foo")))
    assert (first, body) == (b"HTTP/1.0 200 OK", b"foo")
    assert fields == [b"Content-Length: 3", b"Content-Type: text/plain; charset=UTF-8"]
    first, fields, body = lines(written(Response(None)))
    assert (first, body) == (b"HTTP/1.0 204 N/A", b"")
    assert b"Content-Length: 0" in fields
    assert lines(written(Response("x", 200, None, "ALL GOOD!")))[0] == b"HTTP/1.0 200 ALL GOOD!"
    assert lines(written(Response("x", 404, None, "NOT FOUND")))[0] == b"HTTP/1.0 404 NOT FOUND"
    first, fields, body = lines(written(Response("foo", headers={"Content-Length": "2"})))
    assert (b"Content-Length: 2" in fields, body) == (True, b"foo")


def test_write_streams_and_heads():
    first, fields, body = lines(written(Response(str(i) for i in range(3))))
    assert fields == [b"Content-Type: text/plain; charset=UTF-8"]
    assert body == b"012"
    res = Response("foo")
    res.is_head = True
    first, fields, body = lines(written(res))
    assert (b"Content-Length: 3" in fields, body) == (True, b"")


def test_response_attributes():
    assert (Response().status_code, Response().reason, Response().body) == (200, "OK", b"")
    assert (Response("", 404).reason, Response(23.7).body) == ("N/A", 23.7)
    res = Response({"foo": "bar"})
    assert res.headers == {"Content-Type": "application/json; charset=UTF-8"}
    assert Response("x", 200, {"X": "y"}).headers == {"X": "y"}
    assert Response(None, 404).body is None


def test_default_content_type():
    old = Response.default_content_type
    try:
        for given, sent in (
            ("text/html", "text/html; charset=UTF-8"),
            ("text/html; charset=latin-1", "text/html; charset=latin-1"),
        ):
            Response.default_content_type = given
            res = Response("x")
            res.complete()
            assert res.headers["Content-Type"] == sent
    finally:
        Response.default_content_type = old


def test_set_cookie():
    res = Response()
    res.set_cookie("foo1", "bar1")
    res.set_cookie("foo2", "bar2", path="/", partitioned=True)
    res.set_cookie("foo3", "bar3", domain="example.com:1234")
    res.set_cookie("foo4", "bar4", expires="Tue, 05 Nov 2019 02:23:54 GMT", max_age=123)
    res.set_cookie("foo5", "bar5", secure=True, http_only=True)
    res.set_cookie("foo6", "bar6", max_age=0)
    res.delete_cookie("foo8", http_only=True)
    res.delete_cookie("foo9", path="/s", max_age=9, expires="never")
    gone = "Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"
    assert res.headers["Set-Cookie"] == [
        "foo1=bar1",
        "foo2=bar2; Path=/; Partitioned",
        "foo3=bar3; Domain=example.com:1234",
        "foo4=bar4; Expires=Tue, 05 Nov 2019 02:23:54 GMT; Max-Age=123",
        "foo5=bar5; Secure; HttpOnly",
        "foo6=bar6; Max-Age=0",
        "foo8=; %s; HttpOnly" % gone,
        "foo9=; Path=/s; %s" % gone,
    ]


def test_redirect():
    res = redirect("/foo")
    assert (res.status_code, res.headers, res.body) == (302, {"Location": "/foo"}, b"")
    assert redirect("/foo", 301).status_code == 301


def test_send_file_headers():
    name = __file__
    cases = (
        (("x.txt",), {}, "text/plain"),
        (("x.css",), {}, "text/css"),
        (("x.bin",), {}, "application/octet-stream"),
        (("x.txt.gz",), {"compressed": True}, "text/plain"),
        (("x.txt.gz",), {}, "application/gzip"),
        (("x.txt",), {"content_type": "text/html"}, "text/html"),
    )
    for args, options, kind in cases:
        with open(name, "rb") as file:
            res = send_file(*args, stream=file, **options)
            if kind != "application/gzip":
                assert res.headers["Content-Type"] == kind, args
    with open(name, "rb") as file:
        assert send_file("x", stream=file, compressed="foo").headers["Content-Encoding"] == "foo"
        assert send_file("x", stream=file, compressed=True).headers["Content-Encoding"] == "gzip"
        assert send_file("x", stream=file, max_age=123).headers["Cache-Control"] == "max-age=123"
        assert send_file("x", stream=file, max_age=0).headers["Cache-Control"] == "max-age=0"
        assert "Cache-Control" not in send_file("x", stream=file).headers
        Response.default_send_file_max_age = 45
        try:
            assert send_file("x", stream=file).headers["Cache-Control"] == "max-age=45"
            assert send_file("x", stream=file, max_age=9).headers["Cache-Control"] == "max-age=9"
        finally:
            Response.default_send_file_max_age = None


def test_send_file_on_a_bare_stream():
    with open(__file__, "rb") as file:
        content = file.read()
    for size in (1024, 7):
        old = Response.send_file_buffer_size
        Response.send_file_buffer_size = size
        try:
            data = written(send_file(__file__, content_type="text/html"))
        finally:
            Response.send_file_buffer_size = old
        assert data == b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + content


MATCHES = (
    ("/", "/", {}),
    ("/foo/bar", "/foo/bar", {}),
    ("/foo//bar/baz/", "/foo//bar/baz/", {}),
    ("/<arg>", "/foo", {"arg": "foo"}),
    ("/<arg>/", "/foo/", {"arg": "foo"}),
    ("/<string:arg>", "/foo", {"arg": "foo"}),
    ("/foo/<arg1>/bar/<arg2>", "/foo/one/bar/two", {"arg1": "one", "arg2": "two"}),
    ("/users/<int:id>", "/users/123", {"id": 123}),
    ("/users/<int:id>", "/users/-123", {"id": -123}),
    ("/users/<int:id>", "/users/0", {"id": 0}),
    ("/users/<int:id>/<int:id2>/", "/users/1/2/", {"id": 1, "id2": 2}),
    ("/users/<path:path>", "/users/123/", {"path": "123/"}),
    ("/users/<path:path>", "/users/abc/def", {"path": "abc/def"}),
    ("/users/<path:path>/foo", "/users/abc/def/foo", {"path": "abc/def"}),
    ("/users/<path:path>/foo", "/users/foo/foo", {"path": "foo"}),
    ("/users/<re:[a-c]+:id>", "/users/bca", {"id": "bca"}),
    (
        "/foo/<path:path>/<int:id>/bar/<name>",
        "/foo/abc/def/123/bar/test",
        {"path": "abc/def", "id": 123, "name": "test"},
    ),
)
MISSES = (
    ("/", ("", "foo", "/foo")),
    ("/foo/bar", ("/foo/bar/", "/foo/bar/baz", "/foo", "/foo/")),
    ("/foo//bar/baz/", ("/foo/bar/baz/", "/foo//bar/baz")),
    ("/<arg>", ("/", "//", "", "foo/", "/foo/", "//foo/", "/foo//", "/foo/bar")),
    ("/foo/<arg1>/bar/<arg2>", ("/foo//bar/x", "/foo/x/bar/", "/foo/x/bar")),
    ("/users/<int:id>", ("/users/", "/users/abc", "/users/123abc", "/users/1/a", "/users/--123")),
    ("/users/<path:path>", ("/users/", "/users")),
    ("/users/<path:path>/foo", ("/users/foo", "/users/foo/")),
    ("/users/<re:[a-c]+:id>", ("/users/", "/users/abcd")),
    ("/foo/<path:path>/<int:id>/bar/<name>", ("/foo/1/bar/x", "/foo/a/b/bar/x", "/foo/a/1/bar/x/")),
)


def test_patterns_that_match():
    for pattern, path, args in MATCHES:
        assert URLPattern(pattern).match(path) == args, pattern


def test_patterns_that_do_not():
    for pattern, paths in MISSES:
        for path in paths:
            assert URLPattern(pattern).match(path) is None, (pattern, path)


def test_patterns_compile_when_asked():
    for pattern in ("/<foo", "/<unknown:x>"):
        made = URLPattern(pattern)
        try:
            made.compile()
        except ValueError:
            continue
        raise AssertionError(pattern)
    pattern = URLPattern("/a.b/<int:x>/<path:y>")
    assert pattern.regex is None
    regex = pattern.compile()
    assert regex.match("/a.b/-1/c/d").group(2) == "c/d"
    assert regex.match("/aXb/1/c") is None


def test_types_of_segments():
    URLPattern.register_type("hex", "[0-9a-f]+")
    assert URLPattern("/<hex:x>").match("/1f") == {"x": "1f"}
    URLPattern.register_type("hex", "[0-9a-f]+", lambda text: int(text, 16) or None)
    assert URLPattern("/<hex:x>").match("/1f") == {"x": 31}
    assert URLPattern("/<hex:x>").match("/0") is None


def test_multidict():
    d = MultiDict({"one": "1"})
    d["one"] = "2"
    d["two"] = "3"
    assert (d["one"], d.get("one"), d.get("one", type=int)) == ("1", "1", 1)
    assert (d.getlist("one"), d.getlist("one", type=int), d.getlist("x")) == (
        ["1", "2"],
        [1, 2],
        [],
    )
    assert (d.get("x"), d.get("x", "y"), d.get("x", "y", type=int)) == (None, "y", "y")
    assert MultiDict({"baz": "1"}) == {"baz": ["1"]}
    assert MultiDict({"baz": "1"}) == MultiDict({"baz": "1"})
    try:
        d["x"]
    except KeyError:
        return
    raise AssertionError


def test_nocasedict():
    d = NoCaseDict()
    d["One"] = 1
    d["one"] = 2
    d["ONE"] = 3
    d["two"] = 4
    assert sorted(d.items()) == [("One", 3), ("two", 4)]
    assert (d["oNe"], d.get("TWO"), d.get("x", 5), "TWO" in d) == (3, 4, 5, True)
    d.update({"TWO": 6})
    assert d["two"] == 6
    del d["ONE"]
    assert ("one" in d, "One" in d) == (False, False)
    assert d.keymap == {"two": "two"}


def test_url_coding():
    assert urlencode("?foo=bar&x") == "%3Ffoo%3Dbar%26x"
    assert urldecode("%3Ffoo%3Dbar%26x") == "?foo=bar&x"
    assert urldecode(b"dot%e2%80%A2dot") == "dot\u2022dot"
    assert urldecode("a+b%%2") == "a b%%2"


def test_async_bytes_io():
    async def read():
        stream = AsyncBytesIO(b"one\ntwo;three")
        out = [await stream.readline(), await stream.readuntil(b";"), await stream.readexactly(99)]
        await stream.aclose()
        return out

    assert asyncio.run(read()) == [b"one\n", b"two;", b"three"]
    assert asyncio.run(AsyncBytesIO(b"").awrite(b"abc")) == 3


def test_class_order():
    class A:
        pass

    class B(A):
        pass

    assert list(mro(B))[:2] == [B, A]


def test_http_exception():
    error = HTTPException(404)
    assert (error.status_code, error.reason, repr(error)) == (
        404,
        "404 error",
        "HTTPException: 404",
    )
    assert HTTPException(404, "gone").reason == "gone"


def test_client_cookies():
    app = Microdot()

    @app.get("/")
    async def index(request):
        res = Response(request.cookies)
        res.set_cookie("four", "4")
        res.delete_cookie("two", path="/")
        res.delete_cookie("one", path="/bad")
        res.delete_cookie("five", max_age=5, expires="x")
        return res

    cookies = {"one": "1", "two": "2", "five": "5"}
    client = TestClient(app, cookies=cookies)
    res = asyncio.run(client.get("/", headers={"Cookie": "three=3"}))
    assert res.json == {"one": "1", "two": "2", "three": "3", "five": "5"}
    assert client.cookies == {"one": "1", "four": "4"}
    assert client.cookies is cookies


def test_client_requests():
    app = Microdot()

    @app.route("/", methods=["GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"])
    async def echo(request):
        return {
            "method": request.method,
            "host": request.headers["Host"],
            "scheme": request.scheme,
            "type": request.content_type,
            "body": request.body.decode(),
            "addr": list(request.client_addr),
        }

    client = TestClient(app, scheme="https")
    data = asyncio.run(client.get("/")).json
    assert (data["host"], data["scheme"], data["addr"]) == (
        "example.com:1234", "https", ["127.0.0.1", 1234],
    )  # fmt: skip
    assert ask(app, "/", host="x.y").json["host"] == "x.y"
    assert ask(app, "/").json["scheme"] == "http"
    data = asyncio.run(client.post("/", body={"a": 1})).json
    assert (data["type"], data["body"]) == ("application/json", '{"a": 1}')
    assert asyncio.run(client.put("/", body="\u2022")).json["body"] == "\u2022"
    assert asyncio.run(client.patch("/", body=b"x")).json["method"] == "PATCH"
    assert asyncio.run(client.delete("/")).json["method"] == "DELETE"
    assert asyncio.run(client.query("/", body="q")).json["method"] == "QUERY"


def test_client_responses():
    app = Microdot()

    @app.get("/bytes")
    async def not_text(request):
        return b"\xff\xfe"

    @app.get("/handled")
    async def handled(request):
        return Response.already_handled

    @app.get("/header")
    async def header(request):
        return request.headers.get("Authorization")

    res = ask(app, "/bytes")
    assert (res.body, res.text, res.json) == (b"\xff\xfe", None, None)
    res = ask(app, "/handled")
    assert (res.status_code, res.body, res.headers) == (None, None, {})
    # Base64 helpers add a line feed; it is no part of the value.
    assert ask(app, "/header", headers={"Authorization": "Basic eA==\n"}).text == "Basic eA=="


def test_an_error_while_streaming_reaches_the_test():
    class Failing:
        def __aiter__(self):
            return self

        async def __anext__(self):
            raise ZeroDivisionError

    app = Microdot()

    @app.get("/")
    async def index(request):
        return Failing()

    try:
        ask(app, "/")
    except ZeroDivisionError:
        return
    raise AssertionError
