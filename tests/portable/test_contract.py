"""What applications rely on: the pinned facts of contract sections 3 to 5. Runs on both platforms."""

import asyncio

from microdot import Microdot, Response, abort, helpers
from microdot.test_client import TestClient


def ask(app, path, method="GET", headers=None, body=None):
    return asyncio.run(TestClient(app).request(method, path, headers, body))


def test_head_is_a_get_without_body():
    app = Microdot()

    @app.get("/")
    async def index(request):
        return request.method

    res = ask(app, "/", "HEAD")
    assert (res.status_code, res.body, res.text) == (200, None, None)
    assert res.headers["Content-Length"] == "4"


def test_options_lists_methods_in_order():
    app = Microdot()

    @app.route("/", methods=["GET", "DELETE"])
    async def index(request):
        return "x"

    @app.post("/")
    async def post(request):
        return "x"

    @app.route("/foo", methods=["POST", "PUT"])
    async def foo(request):
        return "x"

    assert ask(app, "/", "OPTIONS").headers["Allow"] == "GET, DELETE, POST, HEAD, OPTIONS"
    assert ask(app, "/foo", "OPTIONS").headers["Allow"] == "POST, PUT, OPTIONS"


def test_options_routes_run_without_an_options_handler():
    app = Microdot()
    app.options_handler = None

    @app.route("/", methods=["OPTIONS"])
    async def index(request):
        return "mine"

    assert ask(app, "/", "OPTIONS").text == "mine"


def test_decorators_stack_and_return_the_function():
    app = Microdot()

    @app.get("/")
    @app.post("/")
    @app.put("/")
    @app.patch("/")
    @app.delete("/")
    @app.query("/")
    async def index(request):
        return request.method

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "QUERY"):
        assert ask(app, "/", method).text == method
    assert asyncio.run(index(type("R", (), {"method": "X"})())) == "X"


def test_results_of_handlers():
    app = Microdot()
    cases = (
        ("text", 200, b"text"),
        (b"bytes", 200, b"bytes"),
        ({"a": 1}, 200, b'{"a": 1}'),
        ([1], 200, b"[1]"),
        (None, 204, b""),
        (202, 202, b""),
        (Response("r", 203), 203, b"r"),
        (("b", 201), 201, b"b"),
        (("b", {"X": "y"}), 200, b"b"),
        (("b", 201, {"X": "y"}), 201, b"b"),
        (("b", 201, {"X": "y"}, "ignored"), 201, b"b"),
        ((201, {"X": "y"}), 201, b""),
        ((201,), 201, b""),
        ((None, 200), 204, b""),
    )
    for i in range(len(cases)):

        def handler(value):
            async def answer(request):
                return value

            return answer

        app.get("/%d" % i)(handler(cases[i][0]))
        res = ask(app, "/%d" % i)
        assert (res.status_code, res.body) == cases[i][1:], cases[i]
    assert ask(app, "/8").headers["X"] == "y"
    assert ask(app, "/2").headers["Content-Type"] == "application/json; charset=UTF-8"
    assert ask(app, "/1").headers["Content-Type"] == "text/plain; charset=UTF-8"


def test_streams():
    class Iterator:
        def __init__(self):
            self.items = ["one", b"two", "three"]
            self.closed = False

        def __aiter__(self):
            return self

        async def __anext__(self):
            if not self.items:
                raise StopAsyncIteration
            return self.items.pop(0)

        async def aclose(self):
            self.closed = True

    app = Microdot()
    iterator = Iterator()

    @app.get("/")
    async def index(request):
        return iterator

    res = ask(app, "/")
    assert res.body == b"onetwothree"
    assert "Content-Length" not in res.headers
    assert iterator.closed


def test_before_hooks_answer_and_share_data():
    app = Microdot()

    @app.before_request
    async def before(request):
        request.g.user = "ada"
        if request.args.get("stop"):
            return "stopped", 202

    @app.after_request
    async def after(request, response):
        response.headers["X"] = "after"

    @app.get("/")
    async def index(request):
        return request.g.user

    res = ask(app, "/")
    assert (res.text, res.headers["X"]) == ("ada", "after")
    res = ask(app, "/?stop=1")
    assert (res.status_code, res.text, res.headers["X"]) == (202, "stopped", "after")


def test_hooks_do_not_run_without_a_route():
    app = Microdot()
    ran = []
    app.before_request(lambda request: ran.append("before"))
    app.after_request(lambda request, response: ran.append("after"))
    app.after_error_request(lambda request, response: ran.append("error"))
    assert ask(app, "/unknown").status_code == 404
    assert ran == ["error"]


def test_request_specific_after_hooks():
    app = Microdot()

    @app.after_request
    async def first(request, response):
        response.body += b" app"

    @app.get("/")
    async def index(request):
        @request.after_request
        async def own(request, response):
            return Response(response.body + b" own", 201)

        return "x"

    @app.get("/other")
    async def other(request):
        return "y"

    res = ask(app, "/")
    assert (res.status_code, res.text, res.headers["Content-Length"]) == (201, "x app own", "9")
    assert ask(app, "/other").text == "y app"


def test_default_errors():
    app = Microdot()

    @app.post("/")
    async def index(request):
        raise ZeroDivisionError

    for path, method, headers, status, text in (
        ("/x", "GET", None, 404, "Not found"),
        ("/", "GET", None, 405, "Not found"),
        ("/", "POST", {"Content-Length": "999999"}, 413, "Payload too large"),
        ("/x", "POST", {"Content-Length": "999999"}, 413, "Payload too large"),
        ("/", "POST", None, 500, "Internal server error"),
    ):
        res = ask(app, path, method, headers)
        assert (res.status_code, res.text) == (status, text)
    res = asyncio.run(app.dispatch_request(None))
    assert (res.status_code, res.body) == (400, b"Bad request")


def test_abort():
    app = Microdot()

    @app.get("/<int:code>")
    async def index(request, code):
        if code == 406:
            request.app.abort(406, "because")
        abort(code)

    assert ask(app, "/418").text == "418 error"
    assert ask(app, "/406").text == "because"


def test_error_handlers():
    app = Microdot()

    @app.errorhandler(404)
    async def not_found(request):
        return "404"

    @app.errorhandler(501)
    async def not_implemented(request):
        return "501", 501, {"X": "y"}, "MY REASON"

    @app.get("/501")
    async def handler(request):
        abort(501)

    assert (ask(app, "/x").status_code, ask(app, "/x").text) == (200, "404")
    res = ask(app, "/501")
    assert (res.status_code, res.text, res.headers["X"], res.reason) == (
        501,
        "501",
        "y",
        "MY REASON",
    )


def test_exception_classes_nearest_first():
    app = Microdot()

    @app.errorhandler(Exception)
    async def any_error(request, error):
        return "Exception", 500

    @app.errorhandler(LookupError)
    async def lookup(request, error):
        return "LookupError", 501

    @app.errorhandler(KeyError)
    async def key(request, error):
        return "KeyError", 502

    errors = {"key": KeyError, "index": IndexError, "value": ValueError}

    @app.get("/<name>")
    async def index(request, name):
        raise errors[name]("x")

    assert ask(app, "/key").text == "KeyError"
    assert ask(app, "/index").text == "LookupError"
    assert ask(app, "/value").text == "Exception"


def test_an_exception_handler_that_returns_none():
    app = Microdot()

    @app.errorhandler(ValueError)
    async def value(request, error):
        return None

    @app.get("/")
    async def index(request):
        raise ValueError

    assert ask(app, "/").status_code == 500


def test_after_error_hooks():
    app = Microdot()

    @app.after_error_request
    async def after(request, response):
        response.set_cookie("a", "b")
        return Response("replaced", 499, response.headers)

    @app.get("/")
    async def index(request):
        return "fine"

    res = ask(app, "/x")
    assert (res.status_code, res.text, res.headers["Set-Cookie"]) == (499, "replaced", ["a=b"])
    assert ask(app, "/").text == "fine"


def before_after(app, name):
    @app.before_request
    async def before(request):
        request.g.before = "before" + name

    @app.after_request
    async def after(request, response):
        response.body += b":after" + name.encode()

    @app.after_error_request
    async def after_error(request, response):
        response.body += b":errorafter"


def test_mount_non_local():
    sub, app = Microdot(), Microdot()
    before_after(sub, "")

    @sub.errorhandler(404)
    async def not_found(request):
        return "404", 404

    @sub.get("/app")
    async def index(request):
        return request.g.before + ":" + request.url_prefix

    app.mount(sub, url_prefix="/sub")
    res = ask(app, "/app")
    assert (res.status_code, res.text) == (404, "404:errorafter")
    res = ask(app, "/sub/app")
    assert (res.status_code, res.text) == (200, "before:/sub:after")
    assert sub.before_request_handlers == []


def test_mount_local():
    sub1, sub2, app = Microdot(), Microdot(), Microdot()

    @app.before_request
    async def before_app(request):
        request.g.before = "before-app"

    @app.after_request
    async def after_app(request, response):
        response.body += b":after-app"

    @sub1.before_request
    async def before1(request):
        request.g.before += ":before1"

    @sub1.after_error_request
    async def after_error1(request, response):
        response.body += b":errorafter"

    @sub1.errorhandler(ValueError)
    async def value_error(request, error):
        return "err", 400

    @sub1.get("/")
    async def fails(request):
        raise ZeroDivisionError

    @sub1.get("/foo")
    async def foo(request):
        return request.g.before + ":foo:" + request.url_prefix

    @sub1.get("/err")
    async def err(request):
        class Mine(ValueError):
            pass

        raise Mine

    @sub2.before_request
    async def before2(request):
        request.g.before += ":before2"

    @sub2.after_request
    async def after2(request, response):
        response.body += b":after"

    @sub2.errorhandler(405)
    async def not_allowed(request):
        return "405", 405

    @sub2.get("/bar")
    async def bar(request):
        assert request.subapp is sub2
        assert request.app is app
        return request.g.before + ":bar:" + request.url_prefix

    @sub2.get("/baz")
    async def baz(request):
        abort(405)

    app.mount(sub1, local=True)
    app.mount(sub2, url_prefix="/sub", local=True)

    for path, method, status, text in (
        ("/", "GET", 500, "Internal server error:errorafter"),
        ("/foo", "GET", 200, "before-app:before1:foo::after-app"),
        ("/err", "GET", 400, "err:errorafter"),
        ("/sub/bar", "GET", 200, "before-app:before2:bar:/sub:after:after-app"),
        ("/sub/bar", "POST", 405, "405"),
        ("/sub/baz", "GET", 405, "405"),
    ):
        res = ask(app, path, method)
        assert (res.status_code, res.text) == (status, text), path


def test_nested_prefixes():
    inner, middle, app = Microdot(), Microdot(), Microdot()
    for part in (inner, middle, app):

        @part.get("/")
        async def index(request):
            return request.url_prefix

    middle.mount(inner, "/subsub")
    app.mount(middle, "/sub")
    assert ask(app, "/sub/subsub/").text == "/sub/subsub"
    assert ask(app, "/sub/").text == "/sub"
    assert ask(app, "/").text == ""


def test_a_sub_route_without_path():
    sub, app = Microdot(), Microdot()

    @sub.get("")
    async def index(request):
        return "bare"

    app.mount(sub, "/sub")
    assert ask(app, "/sub").text == "bare"
    assert ask(app, "/sub/").status_code == 404


def test_registration_order_decides():
    app = Microdot()

    @app.get("/<x>")
    async def dynamic(request, x):
        return "dynamic"

    @app.get("/static")
    async def static(request):
        return "static"

    @app.post("/static")
    async def post(request):
        return "post"

    assert ask(app, "/static").text == "dynamic"
    assert ask(app, "/static", "POST").text == "post"


def test_the_route_is_known_to_the_request():
    app = Microdot()

    @app.get("/")
    async def index(request):
        return str(request.route is index)

    assert ask(app, "/").text == "True"


def test_members_that_a_subclass_overrides_stay_its_own():
    if helpers.CPYTHON:
        base = Microdot
    else:

        class base(helpers.Lazy):  # noqa: N801  A class that has not loaded its rare members yet.
            _extra = "microdot.application_extra"

    class App(base):
        def delete(self, url_pattern, **limits):
            return "own"

    class Inner(App):
        pass

    app = Inner()
    # On a board, this brings in all that are used rarely.
    assert app.patch
    assert app.delete("/") == "own"
