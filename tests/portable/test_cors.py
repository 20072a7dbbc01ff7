"""CORS: contract section 19, and the Fetch standard's section 3.2. On both platforms."""

import asyncio
import re

from microdot import Microdot, Response
from microdot.cors import CORS
from microdot.test_client import TestClient

GOOD = "https://example.com"
BAD = "https://evil.example"


def make_app(**options):
    app = Microdot(autoload=False)
    cors = app.use(CORS(**options))

    @app.get("/")
    async def index(request):
        return "hello"

    @app.post("/")
    async def change(request):
        return "changed"

    @app.get("/vary")
    async def varying(request):
        return "x", {"Vary": "X-Foo, X-Bar"}

    @app.get("/fail")
    async def fail(request):
        request.app.abort(418, "teapot")

    return app, cors


def ask(app, origin=None, path="/", method="GET", **fields):
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    if origin is not None:
        headers["Origin"] = origin
    return asyncio.run(TestClient(app).request(method, path, headers=headers))


def preflight(app, origin, method=None, headers=None, path="/"):
    fields = {}
    if method:
        fields["Access-Control-Request-Method"] = method
    if headers:
        fields["Access-Control-Request-Headers"] = headers
    return ask(app, origin, path, "OPTIONS", **fields)


def seen(response):
    """Return the fields of CORS and ``Vary``, by the ends of their names."""
    found = {}
    for name in response.headers:
        if name.lower() == "vary" or name.lower().startswith("access-control-"):
            found[name.replace("Access-Control-", "")] = response.headers[name]
    return found


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def collect_reports(call):
    """Return what the operator is told meanwhile."""
    from microdot import helpers

    before, reports = helpers.report, []
    helpers.report = lambda message, error: reports.append("%s: %s" % (message, error))
    try:
        call()
    finally:
        helpers.report = before
    return reports


# What the contract pins.


def test_a_list_of_origins_with_credentials():
    app, cors = make_app(allowed_origins=[GOOD, "http://foo.com"], allow_credentials=True)
    assert seen(ask(app)) == {}
    allowed = {"Allow-Origin": GOOD, "Allow-Credentials": "true", "Vary": "Origin"}
    assert seen(ask(app, GOOD)) == allowed
    assert seen(ask(app, "http://foo.com"))["Allow-Origin"] == "http://foo.com"
    assert seen(ask(app, BAD)) == {}
    cors.allow_credentials = False
    assert seen(ask(app, GOOD)) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_all_origins():
    app, _ = make_app(allowed_origins="*", expose_headers=["X-Test", "X-Test2"])
    assert seen(ask(app)) == {"Allow-Origin": "*", "Expose-Headers": "X-Test, X-Test2"}
    expected = {"Allow-Origin": GOOD, "Expose-Headers": "X-Test, X-Test2", "Vary": "Origin"}
    response = ask(app, GOOD)
    assert response.status_code == 200 and seen(response) == expected
    response = ask(app, GOOD, "/missing")
    assert response.status_code == 404 and seen(response) == expected


def test_w_cors_05_vary_keeps_the_order_of_the_handler():
    app, _ = make_app(allowed_origins="*")
    assert ask(app, GOOD, "/vary").headers["Vary"] == "X-Foo, X-Bar, Origin"


def test_w_cors_05_vary_is_merged_without_regard_to_case():
    app, _ = make_app(allowed_origins="*")

    @app.get("/lower")
    async def lower(request):
        return "x", {"Vary": "origin"}

    @app.get("/star")
    async def star(request):
        return "x", {"Vary": "*"}

    assert ask(app, GOOD, "/lower").headers["Vary"] == "origin"
    assert ask(app, GOOD, "/star").headers["Vary"] == "*"


def test_a_preflight_without_restrictions():
    app, _ = make_app(allowed_origins="*")
    response = preflight(app, GOOD, "POST", "X-Test, X-Test2")
    assert response.status_code == 200
    assert seen(response) == {
        "Allow-Origin": GOOD,
        "Allow-Methods": "POST",
        "Allow-Headers": "X-Test, X-Test2",
        "Vary": "Origin",
    }
    assert response.headers["Allow"] == "GET, POST, HEAD, OPTIONS"
    # Without a method it is no preflight.
    response = preflight(app, GOOD, None, "X-Test, X-Test2")
    assert seen(response) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_a_preflight_with_restrictions():
    app, _ = make_app(
        allowed_origins="*", max_age=3600, allowed_methods=["POST"], allowed_headers=["X-Test"]
    )
    fields = seen(preflight(app, GOOD, "POST", "X-Test, X-Test2"))
    assert fields["Max-Age"] == "3600"
    assert fields["Allow-Methods"] == "POST"
    assert fields["Allow-Headers"] == "X-Test"
    fields = seen(preflight(app, GOOD, "GET", "X-Test, X-Test2"))
    assert "Allow-Methods" not in fields and "Allow-Headers" not in fields


def test_handle_cors_false_does_nothing():
    app = Microdot(autoload=False)
    cors = CORS(app, allowed_origins="*", handle_cors=False)
    app.get("/")(lambda request: "x")
    assert seen(ask(app, GOOD)) == {}
    assert "cors" not in app.plugins
    cors.initialize(app, handle_cors=False)
    assert "cors" not in app.plugins
    cors.initialize(app)
    assert app.plugins["cors"] is cors


def test_the_constructor_with_an_application_is_use():
    for make in (lambda app: CORS(app, [GOOD]), lambda app: CORS(None, [GOOD]).initialize(app)):
        app = Microdot(autoload=False)
        app.get("/")(lambda request: "x")
        make(app)
        assert seen(ask(app, GOOD)) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_the_members_that_applications_call_themselves():
    cors = CORS(allowed_origins=[GOOD], max_age=5)
    app = Microdot(autoload=False)
    results = []

    @app.route("/", methods=["GET"])
    async def index(request):
        results.append(cors.get_cors_headers(request))
        results.append(cors.options_handler(request))
        response = Response("x")
        assert cors.after_request(request, response) is None
        return response

    response = ask(app, GOOD)
    allowed = {"Access-Control-Allow-Origin": GOOD}
    assert results == [allowed, dict(allowed, Allow="GET, HEAD, OPTIONS")]
    assert seen(response) == {"Allow-Origin": GOOD, "Vary": "Origin"}
    assert cors.after_request(None, Response("x")) is None


def test_errors_have_the_fields_too():
    app, _ = make_app(allowed_origins=[GOOD])

    @app.get("/crash")
    async def crash(request):
        raise RuntimeError("on purpose")

    expected = {"Allow-Origin": GOOD, "Vary": "Origin"}
    cases = (("GET", "/missing", 404), ("PUT", "/", 405), ("GET", "/fail", 418))
    for method, path, status in cases:
        response = ask(app, GOOD, path, method)
        assert response.status_code == status
        assert seen(response) == expected
    app.error_handlers[RuntimeError] = lambda request, error: ("failed", 500)
    response = ask(app, GOOD, "/crash")
    assert response.status_code == 500 and seen(response) == expected


def test_a_request_that_is_none_has_no_fields():
    app, _ = make_app(allowed_origins="*")
    response = asyncio.run(app.dispatch_request(None))
    assert response.status_code == 400
    assert "Access-Control-Allow-Origin" not in response.headers


# The faults.


def test_w_cors_01_credentials_with_all_origins_are_refused():
    for origins in ("*", ["*"], [GOOD, "*"]):
        message = refused(ValueError, CORS, allowed_origins=origins, allow_credentials=True)
        assert "any_origin_credentials=True" in message
    # What is switched on later is not said to anybody.
    app, cors = make_app(allowed_origins="*")
    cors.allow_credentials = True
    for origin in (GOOD, "null", None):
        assert "Allow-Credentials" not in seen(ask(app, origin))


def test_w_cors_01_credentials_with_all_origins_when_asked_for():
    app, _ = make_app(allowed_origins="*", allow_credentials=True, any_origin_credentials=True)
    expected = {"Allow-Origin": GOOD, "Allow-Credentials": "true", "Vary": "Origin"}
    assert seen(ask(app, GOOD)) == expected
    # "*" and credentials together mean nothing to a browser (Fetch, 3.2.5).
    assert seen(ask(app)) == {"Allow-Origin": "*"}


def test_w_cors_02_a_text_is_one_origin():
    app, _ = make_app(allowed_origins=GOOD)
    assert seen(ask(app, GOOD))["Allow-Origin"] == GOOD
    for origin in ("https://example.co", "h", "", "https://example.com.evil.example"):
        assert seen(ask(app, origin)) == {}
    response = ask(app)
    assert response.status_code == 200 and seen(response) == {}


def test_w_cors_03_strict_names_origin_in_vary_whenever_it_matters():
    app, _ = make_app(allowed_origins=[GOOD], strict=True, expose_headers="X-Test")
    assert seen(ask(app)) == {"Vary": "Origin"}
    assert seen(ask(app, BAD)) == {"Vary": "Origin"}
    expected = {"Allow-Origin": GOOD, "Vary": "Origin", "Expose-Headers": "X-Test"}
    assert seen(ask(app, GOOD)) == expected
    assert seen(ask(app, BAD, "/missing")) == {"Vary": "Origin"}
    app, _ = make_app(allowed_origins="*", strict=True)
    assert seen(ask(app, GOOD)) == seen(ask(app)) == {"Allow-Origin": "*"}
    app, _ = make_app(allowed_origins=None, strict=True)
    assert seen(ask(app, GOOD)) == {}
    app, _ = make_app(
        allowed_origins="*", strict=True, allow_credentials=True, any_origin_credentials=True
    )
    assert seen(ask(app)) == {"Allow-Origin": "*", "Vary": "Origin"}
    expected = {"Allow-Origin": GOOD, "Allow-Credentials": "true", "Vary": "Origin"}
    assert seen(ask(app, GOOD)) == expected


def test_w_cors_04_a_refused_preflight_says_nothing():
    app, _ = make_app(
        allowed_origins=[GOOD], allow_credentials=True, max_age=60, expose_headers=["X-Test"]
    )
    assert seen(preflight(app, BAD, "POST", "X-Test")) == {}
    assert seen(preflight(app, "null", "POST", "X-Test")) == {}
    assert seen(preflight(app, None, "POST")) == {"Expose-Headers": "X-Test"}


def test_w_cors_04_a_refusal_has_no_empty_fields():
    app, _ = make_app(allowed_origins=[GOOD], allowed_methods=["POST"], allowed_headers=["X-Test"])
    fields = seen(preflight(app, GOOD, "POST", "X-Other"))
    assert fields == {"Allow-Origin": GOOD, "Allow-Methods": "POST", "Vary": "Origin"}
    assert seen(preflight(app, GOOD, "PUT", "X-Test")) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_w_cors_04_strict_says_nothing_to_what_is_refused_in_part():
    app, _ = make_app(
        allowed_origins=[GOOD],
        allowed_methods="POST",
        allowed_headers="X-Test, X-More",
        allow_credentials=True,
        max_age=5,
        strict=True,
    )
    assert seen(preflight(app, GOOD, "PUT", "X-Test")) == {"Vary": "Origin"}
    assert seen(preflight(app, GOOD, "POST", "X-Test, X-Other")) == {"Vary": "Origin"}
    assert seen(preflight(app, GOOD, "POST", "x-more,x-test")) == {
        "Allow-Origin": GOOD,
        "Allow-Credentials": "true",
        "Max-Age": "5",
        "Allow-Methods": "POST",
        "Allow-Headers": "x-more, x-test",
        "Vary": "Origin",
    }


def test_w_cors_04_methods_in_lower_case_match():
    app, _ = make_app(allowed_origins=[GOOD], allowed_methods=["post", "patch"])
    assert seen(preflight(app, GOOD, "POST"))["Allow-Methods"] == "POST"
    assert seen(preflight(app, GOOD, "PATCH"))["Allow-Methods"] == "PATCH"
    assert "Allow-Methods" not in seen(preflight(app, GOOD, "PUT"))


def test_w_cors_04_a_max_age_of_zero_is_sent():
    app, _ = make_app(allowed_origins=[GOOD], max_age=0)
    assert seen(preflight(app, GOOD, "POST"))["Max-Age"] == "0"


def test_w_cors_04_options_without_a_method_are_no_preflight():
    app, _ = make_app(allowed_origins=[GOOD], max_age=60, allowed_headers=["X-Test"])
    assert seen(preflight(app, GOOD)) == {"Allow-Origin": GOOD, "Vary": "Origin"}
    # Nor is another method with the field of one.
    response = ask(app, GOOD, Access_Control_Request_Method="POST")
    assert seen(response) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_w_cors_06_the_fields_are_made_once_and_on_the_loop():
    app, cors = make_app(allowed_origins=[GOOD])
    tasks = []

    def allowed(origin):
        tasks.append(asyncio.current_task())
        return True

    cors.allowed_origins = allowed

    async def main():
        me = asyncio.current_task()
        headers = {"Origin": GOOD, "Access-Control-Request-Method": "POST"}
        await TestClient(app).request("OPTIONS", "/", headers=headers)
        return [task is me for task in tasks]

    assert asyncio.run(main()) == [True]


# Origins of other kinds.


def test_a_regular_expression_matches_all_of_an_origin():
    pattern = re.compile(r"https://[a-z]+\.example\.com")
    for origins in (pattern, ["http://foo.com", pattern]):
        app, _ = make_app(allowed_origins=origins)
        assert seen(ask(app, "https://a.example.com"))["Allow-Origin"] == "https://a.example.com"
        for bad in (
            "https://a.example.com.evil.example",
            "xhttps://a.example.com",
            "https://aXexample.com",
            "https://a.example.com:8080",
            "https://a.example.com\tx",
        ):
            assert seen(ask(app, bad)) == {}, bad


def test_an_origin_longer_than_any_is_refused_before_the_rules_see_it():
    # A regular expression walks such a text with the stack of a board, or for ages.
    asked = []
    patterns = [re.compile("https://([a-z]+[.])+x"), lambda origin: asked.append(origin) or True]
    app, _ = make_app(allowed_origins=patterns)
    response = ask(app, "https://" + "a" * 8000)
    assert response.status_code == 200 and seen(response) == {} and asked == []
    host = ".".join(["a" * 49] * 5)
    assert seen(ask(app, "https://" + host))["Allow-Origin"] == "https://" + host


def test_a_function_decides():
    app, _ = make_app(allowed_origins=lambda origin: origin.endswith(".example.org"))
    assert seen(ask(app, "https://x.example.org"))["Allow-Origin"] == "https://x.example.org"
    assert seen(ask(app, BAD)) == {}
    assert seen(ask(app)) == {}


def test_a_coroutine_function_allows_nothing():
    async def allowed(origin):
        return False

    app, cors = make_app(allowed_origins=allowed)
    app.error_handlers[TypeError] = lambda request, error: (str(error), 500)
    response = ask(app, GOOD)
    assert response.status_code == 500
    assert "declare it with `def`" in response.text
    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_origin_null_is_allowed_by_name_only():
    app, _ = make_app(allowed_origins=[GOOD])
    assert seen(ask(app, "null")) == {}
    app, _ = make_app(allowed_origins=["null"])
    assert seen(ask(app, "null"))["Allow-Origin"] == "null"


def test_what_no_browser_sends_is_refused_as_an_origin():
    for origin in (
        GOOD + "/",
        GOOD + "/path",
        "https://*.example.com",
        GOOD + ", http://foo.com",
        "example.com",
        "localhost:8000",
        "https://Example.com",
        "https://",
        "",
    ):
        message = refused(ValueError, CORS, allowed_origins=[origin])
        assert origin in message and "re.compile" in message


# Routes with options of their own.


def make_overrides():
    app, cors = make_app(
        allowed_origins=[GOOD], allow_credentials=True, expose_headers=["X-Test"], max_age=5
    )

    @app.get("/public/<name>")
    @cors.override(allowed_origins="*", allow_credentials=False, max_age=7)
    async def public(request, name):
        return name

    @app.put("/public/<name>")
    async def change(request, name):
        return name

    @app.get("/own")
    @cors.override(allowed_origins=None)
    async def own(request):
        return "x", {"Access-Control-Allow-Origin": "https://by.hand"}

    return app, cors


def test_a_route_has_options_of_its_own():
    app, _ = make_overrides()
    expected = {"Allow-Origin": BAD, "Expose-Headers": "X-Test", "Vary": "Origin"}
    assert seen(ask(app, BAD, "/public/x")) == expected
    assert seen(ask(app, BAD, "/public/x", "PUT")) == {}
    assert seen(ask(app, GOOD, "/own")) == {"Allow-Origin": "https://by.hand"}
    assert seen(ask(app, GOOD))["Allow-Credentials"] == "true"


def test_a_preflight_is_answered_for_the_route_it_asks_about():
    app, _ = make_overrides()
    expected = {"Allow-Origin": BAD, "Allow-Methods": "GET", "Max-Age": "7", "Vary": "Origin"}
    expected["Expose-Headers"] = "X-Test"
    assert seen(preflight(app, BAD, "GET", path="/public/x")) == expected
    assert seen(preflight(app, BAD, "HEAD", path="/public/x"))["Allow-Methods"] == "HEAD"
    assert seen(preflight(app, BAD, "PUT", path="/public/x")) == {}
    assert seen(preflight(app, GOOD, "PUT", path="/public/x"))["Max-Age"] == "5"
    assert seen(preflight(app, BAD, "DELETE", path="/public/x")) == {}
    assert seen(preflight(app, BAD, "OPTIONS", path="/public/x")) == {}
    assert seen(preflight(app, GOOD, "GET", path="/missing"))["Max-Age"] == "5"


def test_an_error_of_a_route_has_its_options():
    app, cors = make_app(allowed_origins=[GOOD])

    @app.get("/teapot")
    @cors.override(allowed_origins="*")
    async def teapot(request):
        request.app.abort(418)

    assert seen(ask(app, BAD, "/teapot"))["Allow-Origin"] == BAD


def test_an_override_below_another_decorator_is_followed_or_reported():
    app, cors = make_app(allowed_origins=[GOOD])

    class Wrapper:
        def __init__(self, function):
            self.__wrapped__ = function

        def __call__(self, request):
            return self.__wrapped__(request)

    async def wrapped(request):
        return "x"

    async def hidden(request):
        return "x"

    app.get("/wrapped")(Wrapper(cors.override(allowed_origins="*")(wrapped)))
    cors.override(allowed_origins="*")(hidden)
    app.get("/hidden")(lambda request: hidden(request))
    reports = collect_reports(lambda: [ask(app, BAD, "/hidden"), ask(app, BAD, "/hidden")])
    assert len(reports) == 1
    assert "hidden" in reports[0] and "directly below the route decorator" in reports[0]
    assert seen(ask(app, BAD, "/wrapped"))["Allow-Origin"] == BAD
    assert seen(ask(app, BAD, "/hidden")) == {}


def test_an_override_is_checked():
    _, cors = make_app(allowed_origins=[GOOD], allow_credentials=True)
    assert "any_origin_credentials" in refused(ValueError, cors.override, allowed_origins="*")
    message = refused(TypeError, cors.override, allowed_origin="*")
    assert "'allowed_origin'" in message and "allowed_origins" in message


# Mounted applications.


def test_a_mounted_application_with_options_of_its_own_decides_alone():
    for inner_origins, outer_origins in (([BAD], [GOOD]), ([GOOD], [BAD])):
        inner = Microdot(autoload=False)
        CORS(inner, allowed_origins=inner_origins)
        inner.get("/x")(lambda request: "x")
        app, _ = make_app(allowed_origins=outer_origins)
        app.mount(inner, "/inner", local=True)
        for origin in (GOOD, BAD):
            for path, allowed in (("/inner/x", inner_origins), ("/", outer_origins)):
                expected = {"Allow-Origin": origin, "Vary": "Origin"} if origin in allowed else {}
                assert seen(ask(app, origin, path)) == expected
                fields = seen(preflight(app, origin, "GET", path=path))
                assert ("Allow-Methods" in fields) == (origin in allowed)


def test_a_mounted_application_without_options_has_those_of_the_outer_one():
    inner = Microdot(autoload=False)
    inner.get("/x")(lambda request: "x")
    app, _ = make_app(allowed_origins=[GOOD])
    app.mount(inner, "/inner", local=True)
    assert seen(ask(app, GOOD, "/inner/x")) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_routes_for_options_have_the_fields():
    app, _ = make_app(allowed_origins=[GOOD])
    app.options_handler = None
    app.route("/manual", methods=["OPTIONS"])(lambda request: "by hand")
    response = preflight(app, GOOD, "POST", path="/manual")
    assert response.text == "by hand"
    assert seen(response)["Allow-Methods"] == "POST"


def test_a_subclass_answers_in_its_own_way():
    class Mine(CORS):
        def get_cors_headers(self, request):
            return {"Access-Control-Allow-Origin": "https://mine"}

    app = Microdot(autoload=False)
    app.use(Mine(allowed_origins=[GOOD]))
    app.get("/")(lambda request: "x")
    assert seen(ask(app, GOOD)) == {"Allow-Origin": "https://mine"}


def test_a_stream_has_the_fields():
    app, _ = make_app(allowed_origins=[GOOD])

    @app.get("/stream")
    async def stream(request):
        return iter(["a", "b"])

    response = ask(app, GOOD, "/stream")
    assert response.text == "ab"
    assert seen(response)["Allow-Origin"] == GOOD


def test_a_response_that_another_plugin_replaces_has_the_fields():
    class Replacement:
        name = "replacement"

        def microdot_response(self, app, request, response):
            return Response("replaced")

    class Failure:
        name = "failure"

        def microdot_response(self, app, request, response):
            app.abort(503)

    for other, status in ((Replacement(), 200), (Failure(), 503)):
        app = Microdot(autoload=False)
        # In use before CORS, so its response hook comes later by itself.
        app.use(other)
        app.use(CORS(allowed_origins=[GOOD]))
        app.get("/")(lambda request: "x")
        response = ask(app, GOOD)
        assert response.status_code == status
        assert seen(response) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_a_304_has_the_fields():
    app, _ = make_app(allowed_origins=[GOOD])

    @app.get("/file")
    async def file(request):
        return Response.send_file(__file__)

    etag = ask(app, GOOD, "/file").headers["ETag"]
    response = ask(app, GOOD, "/file", If_None_Match=etag)
    assert response.status_code == 304
    assert seen(response) == {"Allow-Origin": GOOD, "Vary": "Origin"}


def test_vary_takes_what_other_extensions_have_collected():
    app, _ = make_app(allowed_origins=[GOOD])

    @app.get("/collected")
    async def index(request):
        request.vary("Cookie", "X-Language")
        return "x"

    names = ask(app, GOOD, "/collected").headers["Vary"].split(", ")
    assert sorted(names) == ["Cookie", "Origin", "X-Language"]


def test_names_may_come_as_one_text_and_a_star_stands_for_all():
    app, _ = make_app(
        allowed_origins=[GOOD],
        allowed_methods="PUT, POST",
        allowed_headers="*",
        expose_headers="X-One, X-Two",
    )
    fields = seen(preflight(app, GOOD, "POST", "X-Any"))
    assert fields["Allow-Methods"] == "POST"
    assert fields["Allow-Headers"] == "X-Any"
    assert fields["Expose-Headers"] == "X-One, X-Two"
