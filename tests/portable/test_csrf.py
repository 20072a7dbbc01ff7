"""CSRF: contract section 20; the signature from RFC 4231. On both platforms."""

import asyncio
from binascii import hexlify

from microdot import Microdot
from microdot.cors import CORS
from microdot.cross_origin.decision import is_subdomain
from microdot.csrf import CSRF
from microdot.digests import hmac_sha256
from microdot.test_client import TestClient

HOST = "example.com:1234"
OWN = "http://" + HOST
BAD = "https://evil.example"
LISTED = ["http://foo.com", "https://bar.com:8888"]


def make_app(csrf):
    app = Microdot(autoload=False)
    app.use(csrf)

    @app.get("/")
    async def index(request):
        return 204

    @app.post("/")
    async def change(request):
        return 204

    @app.post("/exempt")
    @csrf.exempt
    async def exempt(request):
        return 204

    @app.route("/protected", methods=["GET", "POST"])
    @csrf.protect
    async def protected(request):
        return 204

    return app


def send(app, method, path="/", site=None, origin=None, scheme=None, host=None, headers=None):
    headers = dict(headers or {})
    if site is not None:
        headers["Sec-Fetch-Site"] = site
    if origin is not None:
        headers["Origin"] = origin
    client = TestClient(app, scheme=scheme, host=host or HOST)
    return asyncio.run(client.request(method, path, headers=headers))


def status(app, method, path="/", site=None, origin=None, **more):
    return send(app, method, path, site, origin, **more).status_code


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


def check_protected(app, path):
    assert status(app, "POST", path) == 204
    assert status(app, "POST", path, "cross-site") == 403
    assert status(app, "POST", path, "same-site") == 403
    assert status(app, "POST", path, "same-origin") == 204
    assert status(app, "POST", path, "none") == 204


# What the contract pins.


def test_the_defaults():
    app = make_app(CSRF())
    assert status(app, "GET", site="cross-site") == 204
    assert status(app, "GET", origin=BAD) == 204
    check_protected(app, "/")
    assert status(app, "POST", "/exempt", "cross-site") == 204
    assert status(app, "GET", "/protected") == 204
    assert status(app, "GET", "/protected", "cross-site") == 403
    check_protected(app, "/protected")
    assert send(app, "POST", site="cross-site").text == "Forbidden"


def test_protect_all_false():
    app = make_app(CSRF(protect_all=False))
    assert status(app, "POST", site="cross-site") == 204
    check_protected(app, "/protected")


def test_allow_subdomains_lets_the_same_site_pass():
    app = make_app(CSRF(allow_subdomains=True))
    assert status(app, "POST", site="same-site") == 204
    assert status(app, "POST", site="cross-site") == 403


def test_listed_origins():
    # A CORS object that belongs to no application will do.
    app = make_app(CSRF(cors=CORS(allowed_origins=LISTED)))
    assert status(app, "POST", origin="https://bar.com:8888") == 204
    for bad in ("http://bar.com:8888", "https://x.y.bar.com:8888", "http://baz.com"):
        assert status(app, "POST", origin=bad) == 403
    assert status(app, "POST", site="cross-site", origin="https://bar.com:8888") == 204
    assert status(app, "POST", site="cross-site", origin="https://bar.com:8889") == 403
    assert status(app, "POST", site="cross-site") == 403


def test_the_origins_of_a_route_are_what_counts_for_it():
    cors = CORS(allowed_origins=LISTED)
    app = make_app(CSRF(cors=cors))
    app.use(cors)

    @app.put("/partner")
    @cors.override(allowed_origins=["https://partner.com"])
    async def partner(request):
        return 204

    @app.put("/own")
    @cors.override(allowed_origins=None)
    async def own(request):
        return 204

    for path, origin, expected in (
        ("/partner", "https://partner.com", 204),
        ("/partner", "https://bar.com:8888", 403),
        ("/own", "https://bar.com:8888", 403),
        ("/own", "https://partner.com", 403),
    ):
        assert status(app, "PUT", path, "cross-site", origin) == expected, (path, origin)
    assert status(app, "POST", "/", "cross-site", "https://bar.com:8888") == 204


def test_subdomains_of_listed_origins():
    app = make_app(CSRF(None, CORS(allowed_origins=LISTED), allow_subdomains=True))
    assert status(app, "POST", origin="https://x.y.bar.com:8888") == 204
    assert status(app, "POST", origin="http://x.y.bar.com:8888") == 403
    assert status(app, "POST", origin="https://xbar.com:8888") == 403
    assert status(app, "POST", origin="https://x.bar.com") == 403


def test_initialize_and_the_constructor_are_use():
    cors = CORS(allowed_origins=LISTED)
    for begin in (
        lambda app: CSRF(app, cors),
        lambda app: CSRF().initialize(app, cors),
        lambda app: CSRF(cors=cors).initialize(app),
        lambda app: app.use(CSRF(cors=cors)),
    ):
        app = Microdot(autoload=False)
        app.post("/")(lambda request: "x")
        begin(app)
        assert app.plugins["csrf"].cors is cors
        assert status(app, "POST", origin=LISTED[0]) == 200
        assert status(app, "POST", origin=BAD) == 403


def test_attributes_and_safe_methods():
    csrf = CSRF()
    assert (csrf.cors, csrf.protect_all, csrf.allow_subdomains) == (None, True, False)

    def one(request):
        return "x"

    assert csrf.exempt(one) is one and csrf.exempt_routes == [one]
    assert csrf.protect(one) is one and csrf.protected_routes == [one]
    for method in ("GET", "HEAD", "OPTIONS"):
        assert method in CSRF.SAFE_METHODS


def test_the_attributes_are_read_with_each_request():
    csrf = CSRF()
    app = make_app(csrf)
    assert status(app, "POST", site="same-site") == 403
    csrf.allow_subdomains = True
    assert status(app, "POST", site="same-site") == 204
    csrf.protect_all = False
    assert status(app, "POST", site="cross-site") == 204


# The faults.


def test_w_csrf_01_an_origin_that_is_no_url_is_403():
    cors = CORS(allowed_origins=LISTED + ["null", "*"])
    cors.allowed_origins = ["*"] + LISTED
    app = make_app(CSRF(cors=cors, allow_subdomains=True))
    for origin in ("null", "", "://", "foo.com", "x", ".", "http://", "*", "https:/bar.com:8888"):
        assert status(app, "POST", origin=origin) == 403, origin
        assert status(app, "POST", "/protected", "cross-site", origin) == 403, origin


def test_w_csrf_02_a_cors_without_origins_allows_none():
    for origins in (None, [], "*"):
        for subdomains in (False, True):
            cors = CORS(allowed_origins=origins)
            app = make_app(CSRF(cors=cors, allow_subdomains=subdomains))
            assert status(app, "POST", origin=BAD) == 403
            assert status(app, "POST", origin=OWN) == 204
            assert status(app, "POST", site="same-origin") == 204


def test_w_csrf_03_the_own_origin_passes():
    app = make_app(CSRF())
    assert status(app, "POST", origin=OWN) == 204
    for origin in ("https://" + HOST, "http://example.com", "http://x." + HOST, OWN + ".evil"):
        assert status(app, "POST", origin=origin) == 403
    # Browsers leave out the usual port, and the case of a host does not matter.
    assert status(app, "POST", origin="http://example.com", host="Example.COM:80") == 204
    assert status(app, "POST", origin="https://a.b", host="a.b", scheme="https") == 204
    assert status(app, "POST", origin="https://a.b", host="a.b:443", scheme="https") == 204
    assert status(app, "POST", origin="https://a.b", host="a.b:80", scheme="https") == 403
    # With Sec-Fetch-Site the browser has said already that it is another one.
    assert status(app, "POST", site="cross-site", origin=OWN) == 403


def test_w_csrf_03_subdomains_of_the_own_origin():
    app = make_app(CSRF(allow_subdomains=True))
    assert status(app, "POST", origin="http://x." + HOST) == 204
    assert status(app, "POST", origin="https://x." + HOST) == 403
    assert status(app, "POST", origin="http://x.example.com") == 403


def test_w_csrf_04_query_and_trace_are_safe():
    app = make_app(CSRF())
    app.route("/all", methods=["QUERY", "TRACE", "PUT", "PATCH", "DELETE"])(lambda request: 204)
    for method in ("QUERY", "TRACE"):
        assert status(app, method, "/all", "cross-site") == 204
    for method in ("PUT", "PATCH", "DELETE"):
        assert status(app, method, "/all", "cross-site") == 403


def test_w_csrf_05_vary_names_what_was_looked_at():
    app = make_app(CSRF())
    both = "Origin, Sec-Fetch-Site"
    assert send(app, "POST", site="same-origin").headers["Vary"] == "Sec-Fetch-Site"
    assert send(app, "POST", site="cross-site").headers["Vary"] == both
    assert send(app, "POST", origin=OWN).headers["Vary"] == both
    assert send(app, "POST").headers["Vary"] == both
    assert send(app, "GET", "/protected").headers["Vary"] == both
    assert "Vary" not in send(app, "GET", site="cross-site").headers
    assert "Vary" not in send(app, "POST", "/exempt", "cross-site").headers


class Wrapper:
    """What ``functools.wraps`` makes, where functions take no attributes."""

    def __init__(self, function):
        self.__wrapped__ = function

    def __call__(self, request):
        return self.__wrapped__(request)


def test_w_csrf_05_marks_below_another_decorator_are_followed():
    csrf = CSRF()
    app = Microdot(autoload=False)
    app.use(csrf)
    app.post("/exempt")(Wrapper(Wrapper(csrf.exempt(lambda request: "x"))))
    app.get("/protected")(Wrapper(csrf.protect(lambda request: "x")))

    def send_both():
        assert status(app, "POST", "/exempt", "cross-site") == 200
        assert status(app, "GET", "/protected", "cross-site") == 403

    assert collect_reports(send_both) == []


def test_w_csrf_05_marks_that_no_route_has_are_reported_once():
    csrf = CSRF()
    app = Microdot(autoload=False)
    app.use(csrf)

    def one(request):
        return "x"

    def two(request):
        return "x"

    app.post("/one")(lambda request: csrf.exempt(one)(request))
    csrf.exempt(one)
    csrf.protect(two)

    def send_twice():
        assert status(app, "POST", "/one", "cross-site") == 403
        assert status(app, "POST", "/one", "cross-site") == 403

    reports = collect_reports(send_twice)
    assert len(reports) == 2
    assert "@csrf.exempt has no effect on one" in reports[0]
    assert "@csrf.protect has no effect on two" in reports[1]
    assert "directly below the route decorator" in reports[0]


# Everything else about decisions.


def test_a_request_without_a_route_is_404_or_405():
    app = make_app(CSRF())
    assert status(app, "POST", "/missing", "cross-site") == 404
    assert status(app, "DELETE", "/", "cross-site") == 405
    assert asyncio.run(app.dispatch_request(None)).status_code == 400


def test_the_handler_and_the_before_handlers_do_not_run():
    app = make_app(CSRF())
    called = []
    app.before_request(lambda request: called.append(request.method))
    assert status(app, "POST", site="cross-site") == 403
    assert called == []
    app.errorhandler(403)(lambda request: ("no, thanks", 403))
    assert send(app, "POST", site="cross-site").text == "no, thanks"


def test_values_are_compared_as_they_are():
    app = make_app(CSRF())
    for site in ("Same-Origin", "same-origin, cross-site", "", "unknown"):
        assert status(app, "POST", site=site) == 403, site


def test_rules_of_other_kinds():
    import re

    cors = CORS(allowed_origins=[re.compile("https://[a-z]+[.]foo"), lambda origin: "ok" in origin])
    app = make_app(CSRF(cors=cors, allow_subdomains=True))
    assert status(app, "POST", origin="https://a.foo") == 204
    assert status(app, "POST", origin="https://ok") == 204
    assert status(app, "POST", origin="https://a.foo.evil") == 403


def test_subdomains():
    for origin, parent, expected in (
        ("https://a.b.c", "https://b.c", True),
        ("https://a.b.c:1", "https://b.c:1", True),
        ("https://b.c", "https://b.c", False),
        ("https://.b.c", "https://b.c", False),
        ("https://ab.c", "https://b.c", False),
        ("http://a.b.c", "https://b.c", False),
        ("https://a.b.c:1", "https://b.c", False),
        ("https://evil/.b.c", "https://b.c", False),
        ("https://evil?.b.c", "https://b.c", False),
        ("https://u@a.b.c", "https://b.c", False),
        ("https://", "https://", False),
        ("null", "null", False),
        ("https://a.b", None, False),
        ("", "", False),
    ):
        assert is_subdomain(origin, parent) is expected, origin


def test_a_refusal_has_the_fields_of_cors():
    cors = CORS(allowed_origins=[BAD])
    app = make_app(CSRF())
    app.use(cors)
    response = send(app, "POST", site="cross-site", origin=BAD)
    assert response.status_code == 403
    assert response.headers["Access-Control-Allow-Origin"] == BAD
    assert response.headers["Vary"] == "Origin, Sec-Fetch-Site"


def test_a_mounted_application_protects_its_own_routes():
    inner = Microdot(autoload=False)
    csrf = inner.use(CSRF())
    inner.post("/x")(lambda request: "x")
    inner.post("/y")(csrf.exempt(lambda request: "y"))
    app = Microdot(autoload=False)
    app.post("/x")(lambda request: "x")
    app.mount(inner, "/inner", local=True)
    assert status(app, "POST", "/x", "cross-site") == 200
    assert status(app, "POST", "/inner/x", "cross-site") == 403
    assert status(app, "POST", "/inner/y", "cross-site") == 200


def test_strict_refuses_requests_that_do_not_tell_where_they_are_from():
    app = make_app(CSRF(strict=True))
    assert status(app, "POST") == 403
    assert status(app, "GET") == 204
    assert status(app, "POST", "/exempt") == 204
    assert status(app, "POST", site="same-origin") == 204
    assert status(app, "POST", origin=OWN) == 204


# Tokens.


def make_token_app(**options):
    csrf = CSRF(**dict({"secret_key": "a secret of this test"}, **options))
    app = make_app(csrf)

    @app.get("/form")
    async def form(request):
        assert csrf.token(request) == csrf.token(request)
        return csrf.token(request)

    return app, csrf


def post(client, token=None, body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        headers["X-CSRF-Token"] = token
    if body is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    return asyncio.run(client.post("/", headers=headers, body=body)).status_code


def test_a_token_takes_the_place_of_the_fields():
    app, _ = make_token_app()
    client = TestClient(app)
    assert post(client) == 403
    response = asyncio.run(client.get("/form"))
    token = response.text
    assert response.headers["Vary"] == "Cookie"
    cookie = response.headers["Set-Cookie"][0]
    assert cookie.startswith("csrf_token=" + token + ";")
    assert "Path=/" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie
    # Pages read it from the cookie, so that it is not HttpOnly.
    assert "HttpOnly" not in cookie
    assert post(client, token) == 204
    assert post(client, None, "a=b&csrf_token=" + token) == 204
    # Twice: the cookie alone, or the token alone, are not enough.
    assert post(client) == 403
    assert post(TestClient(app), token) == 403
    # The field of the head counts before that of the form.
    assert post(client, "wrong", "csrf_token=" + token) == 403


def test_a_client_keeps_its_token():
    app, _ = make_token_app()
    client = TestClient(app)
    token = asyncio.run(client.get("/form")).text
    again = asyncio.run(client.get("/form"))
    assert again.text == token and "Set-Cookie" not in again.headers
    assert asyncio.run(TestClient(app).get("/form")).text != token


def test_a_cookie_that_is_not_signed_is_replaced():
    app, _ = make_token_app()
    real = asyncio.run(TestClient(app).get("/form")).text
    nonce, _, signature = real.partition(".")
    for forged in (
        "",
        ".",
        "x",
        "x." + signature,
        nonce,
        nonce + "." + signature[:-1],
        "\xe9.\xe9",
    ):
        client = TestClient(app, cookies={"csrf_token": forged})
        assert post(client, forged) == 403
        response = asyncio.run(client.get("/form"))
        assert response.text != forged and len(response.headers["Set-Cookie"]) == 1
        assert post(client, response.text) == 204
    other, _ = make_token_app(secret_key=b"another secret")
    assert post(TestClient(other, cookies={"csrf_token": real}), real) == 403


def test_the_signature_is_what_the_documentation_says():
    app, _ = make_token_app(bind=lambda request: "user 5")
    nonce, _, signature = asyncio.run(TestClient(app).get("/form")).text.partition(".")
    assert len(nonce) == 32
    expected = hmac_sha256(b"a secret of this test", b"csrf." + nonce.encode() + b".user 5")
    assert signature == hexlify(expected).decode()


def test_tokens_do_not_help_a_page_of_another_site():
    app, _ = make_token_app()
    client = TestClient(app)
    token = asyncio.run(client.get("/form")).text
    assert post(client, token, Sec_Fetch_Site="cross-site") == 403
    assert post(client, token, Origin=BAD) == 403
    assert post(client, None, Sec_Fetch_Site="same-origin") == 204


def test_a_token_is_bound_to_what_the_application_says():
    users = ["alice"]
    app, _ = make_token_app(bind=lambda request: users[0])
    client = TestClient(app)
    token = asyncio.run(client.get("/form")).text
    assert post(client, token) == 204
    users[0] = "bob"
    assert post(client, token) == 403
    assert asyncio.run(client.get("/form")).text != token


def test_a_bind_function_that_returns_no_text_is_told():
    app, _ = make_token_app(bind=lambda request: None)
    app.error_handlers[TypeError] = lambda request, error: (str(error), 500)
    response = asyncio.run(TestClient(app).get("/form"))
    assert response.status_code == 500 and "bind function returned NoneType" in response.text


def test_the_cookie_is_secure_over_tls_and_comes_with_errors_too():
    app, csrf = make_token_app()

    @app.errorhandler(404)
    async def login_page(request):
        return csrf.token(request), 404

    client = TestClient(app, scheme="https")
    response = asyncio.run(client.get("/missing"))
    assert "Secure" in response.headers["Set-Cookie"][0]
    assert post(client, response.text) == 204


def test_vary_of_a_request_with_a_token():
    app, _ = make_token_app()
    client = TestClient(app)
    token = asyncio.run(client.get("/form")).text
    headers = {"X-CSRF-Token": token}
    response = asyncio.run(client.post("/", headers=headers))
    assert response.headers["Vary"] == "Cookie, Origin, Sec-Fetch-Site, X-CSRF-Token"


def test_a_form_that_is_too_long_for_memory_is_413():
    app, _ = make_token_app()
    app.post("/short", max_body_length=5)(lambda request: "x")
    client = TestClient(app)
    asyncio.run(client.get("/form"))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = asyncio.run(client.post("/short", headers=headers, body="csrf_token=12345678"))
    assert response.status_code == 413


def test_keys_are_checked():
    for empty in ("", b""):
        assert "secret_key is empty" in refused(ValueError, CSRF, secret_key=empty)
    app, csrf = make_token_app(secret_key=None)
    assert csrf.tokens is None
    app.error_handlers[RuntimeError] = lambda request, error: (str(error), 500)
    response = asyncio.run(TestClient(app).get("/form"))
    assert "CSRF(secret_key=...)" in response.text


def test_the_names_can_be_changed():
    app, csrf = make_token_app()
    csrf.tokens.COOKIE = "other"
    csrf.tokens.HEADER = "X-Other"
    csrf.tokens.FIELD = "field"
    client = TestClient(app)
    token = asyncio.run(client.get("/form")).text
    assert list(client.cookies) == ["other"]
    assert post(client, None, X_Other=token) == 204
    assert post(client, None, "field=" + token) == 204
    assert post(client, token) == 403
