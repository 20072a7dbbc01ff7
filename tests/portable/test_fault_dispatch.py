"""Contract section 28.4: dispatch. Runs on CPython and on MicroPython."""

import asyncio
import sys

from microdot import Microdot, Request, Response, URLPattern, abort
from microdot.datastructures import NoCaseDict
from microdot.test_client import TestClient
from microdot.urls import urldecode, urlencode

ON_CPYTHON = sys.implementation.name == "cpython"


def ask(app, path, method="GET", headers=None, body=None):
    return asyncio.run(TestClient(app).request(method, path, headers, body))


def raises(kind, function, *args):
    try:
        function(*args)
    except kind as error:
        return str(error)
    raise AssertionError("did not raise " + kind.__name__)


def test_w_core_01_a_bad_pattern_is_refused_where_it_is_registered():
    app = Microdot()
    for pattern in ("/<bad:x>", "/<x", "/<re:(:x>", "/<>", "/<a>.txt"):
        assert pattern in raises(ValueError, app.route, pattern)
    assert "int, path, string" in raises(ValueError, app.get, "/<itn:x>")


def test_w_core_01_a_parser_that_raises_is_no_match():
    def parser(text):
        raise RuntimeError(text)

    URLPattern.register_type("raising", "[a-z]+", parser)
    app = Microdot()

    @app.get("/<raising:x>")
    async def one(request, x):
        return "one"

    @app.get("/<x>")
    async def two(request, x):
        return "two"

    assert ask(app, "/abc").text == "two"


def test_w_core_02_a_handler_of_errors_that_fails_is_guarded():
    app = Microdot()

    async def broken(request):
        raise RuntimeError("broken error handler")

    for status in (400, 404, 413, 500):
        app.errorhandler(status)(broken)

    @app.after_error_request
    async def also_broken(request, response):
        raise RuntimeError("broken after-error hook")

    @app.get("/fail")
    async def fail(request):
        raise ValueError("on purpose")

    assert ask(app, "/unknown").status_code == 500
    assert ask(app, "/fail").status_code == 500
    assert asyncio.run(app.dispatch_request(None)).status_code == 500


def test_w_core_03_hooks_that_touch_the_missing_request_do_no_harm():
    app = Microdot()

    @app.errorhandler(400)
    async def bad(request):
        return request.path, 400

    @app.after_error_request
    async def after(request, response):
        response.headers["X"] = request.path

    assert asyncio.run(app.dispatch_request(None)).status_code == 500


def test_w_core_04_patterns_keep_the_type_they_were_made_with():
    URLPattern.register_type("changing", "[0-9]+", int)
    old = URLPattern("/<changing:x>")
    assert old.match("/12") == {"x": 12}
    URLPattern.register_type("changing", "[0-9]+")
    assert old.match("/12") == {"x": 12}
    assert URLPattern("/<changing:x>").match("/12") == {"x": "12"}


def test_w_core_05_segments_are_decoded_after_splitting():
    app = Microdot()

    @app.get("/a/<x>/<int:y>")
    async def args(request, x, y):
        return {"x": x, "y": y}

    @app.get("/<path:rest>")
    async def rest(request, rest):
        return rest

    assert ask(app, "/a/hello%20world%2Fx/%31").json == {"x": "hello world/x", "y": 1}
    assert ask(app, "/b%2520/c").text == "b%20/c"


def test_w_core_06_malformed_escapes_stay():
    assert urldecode("%zz%-1%4%+1") == "%zz%-1%4% 1"
    assert urldecode("%ff") == "\ufffd"
    assert urldecode("%e2%82%ac%e2%82") == "\u20ac\ufffd"


def test_w_core_07_encoding_round_trips():
    assert urlencode("a+b") == "a%2Bb"
    for text in ("a+b", "\u20ac", "\"'<>\x01 %", "/?foo=bar&x"):
        assert urldecode(urlencode(text)) == text
        assert all([32 < ord(char) < 127 for char in urlencode(text)])


def test_w_core_08_an_empty_stream_and_short_chunks():
    class Reader:
        chunks = [b"a", b"bc", b"d"]

        def read(self, n):
            return self.chunks.pop(0) if self.chunks else b""

    app = Microdot()

    @app.get("/empty")
    async def empty(request):
        return iter([]), 200

    @app.get("/short")
    async def short(request):
        return Reader()

    assert ask(app, "/empty").body == b""
    assert ask(app, "/short").body == b"abcd"


def test_w_core_09_files_that_cannot_be_sent():
    app = Microdot()

    @app.get("/<path:name>")
    async def send(request, name):
        return Response.send_file(name)

    assert ask(app, "/does-not-exist.txt").status_code == 404
    assert ask(app, "/.").status_code == 404
    assert ask(app, "/a%00b").status_code == 404


def test_w_core_10_unsendable_results_are_500():
    app = Microdot()
    for path, value in (("/set", {1}), ("/float", 1.5), ("/true", True), ("/tuple", ("a", "b"))):

        def handler(value):
            async def unsendable(request):
                return value

            return unsendable

        app.get(path)(handler(value))
        assert ask(app, path).status_code == 500, path


def test_w_core_11_error_handlers_return_what_handlers_do():
    app = Microdot()
    results = {404: ("text", {"X": "y"}), 405: (409, {"X": "y"}), 413: 418}
    for status in results:

        def handler(value):
            async def answer(request):
                return value

            return answer

        app.errorhandler(status)(handler(results[status]))

    @app.post("/post")
    async def post(request):
        return "x"

    res = ask(app, "/unknown")
    assert (res.status_code, res.text, res.headers["X"]) == (200, "text", "y")
    res = ask(app, "/post")
    assert (res.status_code, res.text, res.headers["X"]) == (409, "", "y")
    assert ask(app, "/post", "POST", {"Content-Length": "99999"}).status_code == 418


def test_w_core_12_only_none_goes_on():
    app = Microdot()
    ran = []

    @app.before_request
    async def first(request):
        return {} if request.path == "/dict" else "" if request.path == "/text" else None

    @app.before_request
    async def second(request):
        ran.append(request.path)

    @app.get("/<x>")
    async def handler(request, x):
        return "handler"

    assert ask(app, "/dict").json == {}
    assert ask(app, "/text").text == ""
    assert ran == []
    assert ask(app, "/other").text == "handler"
    assert ran == ["/other"]


def test_w_core_13_an_after_hook_that_fails_does_not_skip_the_others():
    app = Microdot()
    ran = []

    @app.get("/")
    async def index(request):
        @request.after_request
        async def own(request, response):
            ran.append("own")
            response.headers["X"] = "own"

        return "x"

    @app.after_request
    async def broken(request, response):
        raise RuntimeError("broken after hook")

    @app.after_request
    async def second(request, response):
        ran.append("second")

    res = ask(app, "/")
    assert res.status_code == 500
    assert ran == ["second", "own"]
    assert res.headers["X"] == "own"


def test_w_core_14_nested_mounts_run_the_whole_chain():
    for inner_local in (True, False):
        inner, middle, app = Microdot(), Microdot(), Microdot()
        for name, part in (("inner", inner), ("middle", middle), ("app", app)):

            def tag(name):
                async def before(request):
                    request.g.tags = getattr(request.g, "tags", []) + [name]

                async def after(request, response):
                    response.body += b" " + name.encode()

                return before, after

            before, after = tag(name)
            part.before_request(before)
            part.after_request(after)

        @inner.get("/")
        async def index(request):
            return ",".join(request.g.tags)

        middle.mount(inner, "/inner", local=inner_local)
        app.mount(middle, "/middle", local=True)
        expected = "app,middle,inner inner middle app"
        if not inner_local:
            # The inner hooks became those of the middle application, behind its own.
            expected = "app,middle,inner middle inner app"
        assert ask(app, "/middle/inner/").text == expected


def test_w_core_15_literal_segments_are_literal():
    for pattern, yes, no in (
        ("/file.txt", "/file.txt", "/fileXtxt"),
        ("/a+b", "/a+b", "/aab"),
        ("/(x", "/(x", "/x"),
        ("/<x>/a.b", "/1/a.b", "/1/aXb"),
    ):
        assert URLPattern(pattern).match(yes) is not None
        assert URLPattern(pattern).match(no) is None
    assert URLPattern("/<re:(a|b)(c):y>/<x>").match("/ac/1") == {"y": "ac", "x": "1"}
    assert URLPattern("/<re:[a-c]+:id>").match("/ab%0a") is None
    assert URLPattern("/<int:id>").match("/1%0a") is None


def test_w_core_16_one_entry_for_one_field():
    d = NoCaseDict({"foo": 1})
    d["Foo"] = 2
    d["FOO"] = 3
    assert len(d) == 1
    assert dict(d.items()) == {"foo": 3}
    assert d.pop("fOO") == 3
    assert d.setdefault("Bar", 1) == 1
    assert d.setdefault("bAR", 2) == 1
    assert d == {"bar": 1}
    assert d != {"bar": 2}
    res = Response("x", headers={"content-type": "text/html"})
    res.complete()
    assert sorted([name.lower() for name in res.headers]) == ["content-length", "content-type"]


def test_w_core_17_a_tuple_of_one_is_a_body():
    app = Microdot()

    @app.get("/")
    async def index(request):
        return ("body",)

    assert (ask(app, "/").status_code, ask(app, "/").text) == (200, "body")


def test_w_core_18_args_are_always_a_multidict():
    app = Microdot()

    @app.get("/")
    async def index(request):
        return {"x": request.args.getlist("x")}

    assert ask(app, "/").json == {"x": []}
    assert ask(app, "/?x=1&x=2").json == {"x": ["1", "2"]}


def test_an_after_handler_may_register_more_of_them():
    ran = []
    app = Microdot()

    @app.get("/")
    async def index(request):
        return "x"

    @app.after_request
    async def after(request, response):
        ran.append("after")

        @request.after_request
        async def own(request, response):
            ran.append("own")
            request.after_request(lambda request, response: ran.append("last"))

    assert ask(app, "/").status_code == 200
    assert ran == ["after", "own", "last"]


def test_w_core_19_url_args_are_always_a_dict():
    seen = []
    app = Microdot()

    @app.after_request
    async def after(request, response):
        seen.append(request.url_args)

    @app.after_error_request
    async def after_error(request, response):
        seen.append(request.url_args)

    @app.post("/")
    async def index(request):
        return "x"

    ask(app, "/unknown")
    ask(app, "/")
    ask(app, "/", "OPTIONS")
    ask(app, "/", "POST", {"Content-Length": "99999"})
    assert seen == [{}, {}, {}, {}]


def test_w_core_20_awaitable_results_are_awaited():
    async def answer(request):
        return "awaited"

    class Handler:
        async def __call__(self, request):
            return "called"

    app = Microdot()
    app.get("/lambda")(lambda request: answer(request))
    app.get("/object")(Handler())
    assert ask(app, "/lambda").text == "awaited"
    assert ask(app, "/object").text == "called"


def test_w_core_21_json_text_has_the_standard_separators():
    assert Response({"foo": "bar"}).body == b'{"foo": "bar"}'
    assert Response([1, "2"]).body == b'[1, "2"]'


def test_w_core_22_an_explicit_type_of_json_stays():
    for name in ("Content-Type", "content-type"):
        res = Response({}, headers={name: "application/problem+json"})
        res.complete()
        assert res.headers["Content-Type"] == "application/problem+json"
        assert len([key for key in res.headers if key.lower() == "content-type"]) == 1


def test_w_core_23_automatic_options_are_a_success():
    app = Microdot()
    ran = []

    @app.get("/")
    async def index(request):
        return "x"

    @app.after_request
    async def after(request, response):
        ran.append("after")

    @app.after_error_request
    async def after_error(request, response):
        ran.append("error")

    assert ask(app, "/", "OPTIONS").status_code == 200
    assert ran == ["after"]


def test_w_core_27_the_sentinel_is_never_written_to():
    app = Microdot()

    @app.get("/")
    async def index(request):
        return Response.already_handled

    @app.after_request
    async def after(request, response):
        response.headers["X"] = "y"
        response.set_cookie("a", "b")

    for _ in range(3):
        assert ask(app, "/").body is None
    assert not Response.already_handled.headers


def test_w_core_28_limits_of_one_application():
    small, large = Microdot(max_content_length=5), Microdot()
    for app in (small, large):

        @app.post("/")
        async def index(request):
            return request.body

        @app.post("/route", max_content_length=3)
        async def route(request):
            return request.body

    assert ask(small, "/", "POST", body="123456").status_code == 413
    assert ask(large, "/", "POST", body="123456").text == "123456"
    assert ask(large, "/route", "POST", body="1234").status_code == 413
    assert "idle_timeout" in raises(TypeError, lambda: Microdot(idle_timeuot=3))


def test_w_core_28_the_class_attributes_stay_the_defaults():
    app = Microdot()

    @app.post("/")
    async def index(request):
        return request.body

    old = Request.max_content_length
    Request.max_content_length = 3
    try:
        assert ask(app, "/", "POST", body="1234").status_code == 413
    finally:
        Request.max_content_length = old
    assert ask(app, "/", "POST", body="1234").status_code == 200


def test_w_core_29_lookup_touches_no_other_route():
    app = Microdot()
    calls = []

    def parser(text):
        calls.append(text)
        return text

    URLPattern.register_type("counted", "[^/]+", parser)
    for i in range(50):
        app.get("/r%d/<counted:x>" % i)(lambda request, x: x)
        app.get("/s%d" % i)(lambda request: "static")
    assert ask(app, "/r30/abc").text == "abc"
    assert calls == ["abc"]
    assert ask(app, "/s40").text == "static"
    assert calls == ["abc"]


def test_w_core_30_types_of_files():
    from microdot.files import media_type

    assert media_type("a.jpeg") == "image/jpeg"
    assert media_type("A.PNG") == "image/png"
    assert media_type("favicon.ico") == "image/x-icon"
    assert media_type("a.mjs") == "text/javascript"
    assert media_type("x/a.woff2") == "font/woff2"
    assert media_type("a.b/none") == "application/octet-stream"
    assert media_type("css") == "text/css"  # [O]: the text after the last dot, or all of it


def test_w_core_31_head_closes_a_body_without_reading_it():
    log = []

    class Body:
        def read(self, n=-1):
            log.append("read")
            return b""

        def close(self):
            log.append("closed")

    app = Microdot()

    @app.get("/")
    async def index(request):
        return Body()

    assert ask(app, "/", "HEAD").body is None
    assert log == ["closed"]


def test_w_mpy_01_a_plain_handler_may_return_a_generator():
    app = Microdot()

    @app.get("/function")
    def function(request):
        yield "one"
        yield "two"

    @app.get("/expression")
    async def expression(request):
        return (str(i) for i in range(3))

    assert ask(app, "/function").text == "onetwo"
    assert ask(app, "/expression").text == "012"


def test_w_test_01_the_client_is_realistic():
    app = Microdot()

    @app.get("/ck/x")
    @app.get("/ckx")
    @app.get("/ck")
    async def cookies(request):
        return request.cookies, {"Set-Cookie": "new=1"}

    client = TestClient(app, cookies={"a": ("1", "/ck")})
    headers = {"X": "y"}
    assert asyncio.run(client.get("/ck", headers=headers)).json == {"a": "1"}
    assert headers == {"X": "y"}
    assert client.cookies["new"] == "1"
    assert "a" not in asyncio.run(client.get("/ckx")).json
    assert asyncio.run(client.get("/ck/x")).json["a"] == "1"
    assert asyncio.run(client.get("/a b")).status_code == 400
    assert asyncio.run(client.get("/ck", headers={"Bad Name": "x"})).status_code == 400


def test_w_test_03_all_data_lines_of_an_event():
    app = Microdot()

    @app.get("/")
    async def events(request):
        text = "event: e\ndata: one\ndata: two\nid: 7\nretry: 1500\n\n: comment\n\ndata: [1]\n\n"
        return text, {"Content-Type": "text/event-stream"}

    first, second = ask(app, "/").events
    assert first["data"] == b"one\ntwo"
    assert (first["event"], first["event_id"], first["retry"]) == ("e", "7", 1.5)
    assert (second["data_json"], second["event"], second["event_id"]) == ([1], None, None)


def test_abort_in_an_error_handler_is_resolved_by_its_status():
    app = Microdot()

    @app.errorhandler(ValueError)
    async def value(request, error):
        abort(409, "conflict")

    @app.get("/")
    async def index(request):
        raise ValueError("x")

    res = ask(app, "/")
    assert (res.status_code, res.text) == (409, "conflict")


def test_the_fields_that_an_error_needs_stay_when_a_handler_words_it():
    # RFC 9110 15.5.6: a 405 has Allow, whoever answers.
    app = Microdot()

    @app.get("/")
    async def index(request):
        return ""

    answers = [("no", 405), ("no", 405, {"allow": "GET"}), ("no", 409)]

    @app.errorhandler(405)
    async def method(request):
        return answers.pop(0)

    assert ask(app, "/", "POST").headers["Allow"] == "GET, HEAD, OPTIONS"
    assert ask(app, "/", "POST").headers["Allow"] == "GET"
    assert "Allow" not in ask(app, "/", "POST").headers
