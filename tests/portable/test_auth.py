"""Authentication: contract section 17, RFC 9110 section 11, RFC 7617 and RFC 6750. On both platforms."""

import asyncio
import binascii

from microdot import Microdot, Response
from microdot.auth import BaseAuth, BasicAuth, Guard, TokenAuth
from microdot.errors import HTTPException
from microdot.test_client import TestClient


def run(coro):
    return asyncio.run(coro)


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def basic(text, scheme="Basic"):
    data = text.encode() if isinstance(text, str) else text
    return {"Authorization": scheme + " " + binascii.b2a_base64(data).decode()}


def bearer(token):
    return {"Authorization": "Bearer " + token}


def basic_app(auth, users=None):
    """An application with / protected and /open optional; users: (name, password) pairs."""
    users = users or [("foo", "bar")]
    app = Microdot(autoload=False)

    @auth.authenticate
    def verify(request, username, password):
        if (username, password) in users:
            return {"name": username}
        return None

    return add_routes(app, auth)


def token_app(auth, tokens=("foo",)):
    app = Microdot(autoload=False)

    @auth.authenticate
    async def verify(request, token):
        return {"name": token} if token in tokens else None

    return add_routes(app, auth)


def add_routes(app, auth):
    @app.get("/")
    @auth
    async def index(request):
        return request.g.current_user

    @app.get("/open")
    @auth.optional
    def optional(request):
        return "hello " + (request.g.current_user or {"name": "nobody"})["name"]

    return app


def get(app, path="/", headers=None):
    return run(TestClient(app).get(path, headers=headers))


def challenge_of(auth, headers=None, app=basic_app):
    response = get(app(auth), headers=headers)
    assert response.status_code == auth.error_status
    return response.headers["WWW-Authenticate"]


def test_the_pinned_cases_of_basic_authentication():
    app = basic_app(BasicAuth())
    assert get(app).status_code == 401
    assert get(app, headers=basic("foo:baz")).status_code == 401
    response = get(app, headers=basic("foo:bar"))
    assert response.status_code == 200
    assert response.json == {"name": "foo"}
    for headers in (None, basic("foo:baz")):
        response = get(app, "/open", headers)
        assert (response.status_code, response.text) == (200, "hello nobody")
    assert get(app, "/open", basic("foo:bar")).text == "hello foo"


def test_the_response_to_a_refused_request():
    response = get(basic_app(BasicAuth()))
    assert response.body == b""
    assert (
        response.headers["WWW-Authenticate"] == 'Basic realm="Please login", charset="UTF-8"'
    )  # RFC 7617 section 2.1


def test_realm_charset_scheme_and_status():
    assert challenge_of(BasicAuth("Cellar")) == 'Basic realm="Cellar", charset="UTF-8"'
    assert challenge_of(BasicAuth(realm="Cellar", charset=None)) == 'Basic realm="Cellar"'
    auth = BasicAuth("Cellar", "UTF-8", "Own", 403)
    assert challenge_of(auth) == 'Own realm="Cellar", charset="UTF-8"'
    assert (auth.realm, auth.charset, auth.scheme, auth.error_status) == (
        "Cellar",
        "UTF-8",
        "Own",
        403,
    )


def test_w_auth_01_an_application_may_come_first():
    app = Microdot(autoload=False)
    plain = 'Basic realm="Please login", charset="UTF-8"'
    assert challenge_of(BasicAuth(app)) == plain
    assert challenge_of(BasicAuth(app, "Cellar")) == 'Basic realm="Cellar", charset="UTF-8"'
    assert challenge_of(BasicAuth(app, realm="Cellar")) == 'Basic realm="Cellar", charset="UTF-8"'
    assert TokenAuth(app).header == "Authorization"
    assert TokenAuth(app, "X-Token").header == "X-Token"
    assert TokenAuth(app, header="X-Token", scheme="Foo").scheme == "foo"


def test_options_that_cannot_be():
    assert "realm" in refused(TypeError, BasicAuth, title="x")
    assert "realm" in refused(TypeError, BasicAuth, "Cellar", realm="x")
    refused(TypeError, BasicAuth, "a", "UTF-8", "Basic", 401, "b")
    assert "UTF-8" in refused(ValueError, BasicAuth, charset="ISO-8859-1")
    for scheme in ("", "My Scheme", "a\r\nX: y", "B,c", 5):
        assert "scheme" in refused(ValueError, BasicAuth, scheme=scheme)
        refused(ValueError, TokenAuth, scheme=scheme)
    for realm in ("a\nb", "\x00", "\x7f", "€", 5, None):
        assert "realm" in refused(ValueError, BasicAuth, realm)
        refused(ValueError, TokenAuth, realm=realm)
    assert "header" in refused(ValueError, TokenAuth, header="X Token")


def test_w_auth_02_the_case_of_the_scheme_does_not_matter():
    app = basic_app(BasicAuth())
    for scheme in ("basic", "BASIC", "bAsIc"):
        assert get(app, headers=basic("foo:bar", scheme)).status_code == 200
    app = token_app(TokenAuth())
    for scheme in ("bearer", "BEARER", "Bearer"):
        assert get(app, headers={"Authorization": scheme + " foo"}).status_code == 200


def test_w_auth_03_a_scheme_of_its_own_is_what_clients_use():
    app = basic_app(BasicAuth(scheme="Cellar"))
    assert get(app).headers["WWW-Authenticate"][:14] == 'Cellar realm="'
    assert get(app, headers=basic("foo:bar", "Cellar")).status_code == 200
    assert get(app, headers=basic("foo:bar", "cellar")).status_code == 200
    assert get(app, headers=basic("foo:bar")).status_code == 401


def test_w_auth_04_the_realm_is_a_quoted_string():
    assert (
        challenge_of(BasicAuth('the "old" \\ cellar'))
        == 'Basic realm="the \\"old\\" \\\\ cellar", charset="UTF-8"'
    )


def test_w_auth_05_a_refused_token_is_challenged():
    # RFC 6750 section 3: at least one parameter; an error code only when there was a token.
    auth = TokenAuth()
    assert challenge_of(auth, app=token_app) == 'Bearer realm="Restricted"'
    for value in ("Basic foo", "foo", "Bearer", "Bearer "):
        headers = {"Authorization": value}
        assert challenge_of(auth, headers, token_app) == 'Bearer realm="Restricted"'
    assert (
        challenge_of(auth, bearer("bar"), token_app)
        == 'Bearer realm="Restricted", error="invalid_token"'
    )
    auth = TokenAuth(scheme="ApiKey", realm="Cellar")
    headers = {"Authorization": "ApiKey bar"}
    assert challenge_of(auth, headers, token_app) == 'ApiKey realm="Cellar"'
    auth = TokenAuth(error_status=403)
    assert challenge_of(auth, bearer("bar"), token_app) == 'Bearer realm="Restricted"'
    # RFC 9110 section 15.5.2: every 401 has a challenge.
    auth = TokenAuth("X-Auth-Token")
    assert challenge_of(auth, app=token_app) == 'X-Auth-Token realm="Restricted"'


def test_w_auth_05_the_challenge_stays_when_the_application_words_the_401():
    app = token_app(TokenAuth())

    @app.errorhandler(401)
    async def unauthorized(request):
        return {"error": "who?"}, 401

    response = get(app)
    assert response.status_code == 401
    assert response.json == {"error": "who?"}
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Restricted"'


def test_w_auth_06_the_case_of_the_header_name_does_not_matter():
    app = token_app(TokenAuth(header="authorization"))
    assert get(app, headers=bearer("foo")).json == {"name": "foo"}
    assert get(app, headers={"AUTHORIZATION": "Bearer foo"}).status_code == 200
    assert get(app, headers={"Authorization": "foo"}).status_code == 401


def test_w_auth_07_what_is_missing_is_said():
    auth = BasicAuth()
    assert "@auth.authenticate" in refused(RuntimeError, run, auth.get_user(None))
    assert "TokenAuth" in refused(RuntimeError, run, TokenAuth().get_user(None))


def test_w_auth_07_both_kinds_have_an_errorhandler():
    for auth, make in ((BasicAuth(), basic_app), (TokenAuth(), token_app)):
        app = make(auth)

        @auth.errorhandler
        def wrong(request):
            return {"status_code": 403}, 403

        response = get(app)
        assert response.status_code == 403
        assert response.json == {"status_code": 403}


def test_w_auth_07_decorators_return_the_function():
    auth = BasicAuth()

    def f(request):
        return "x"

    assert auth.authenticate(f) is f
    assert auth.errorhandler(f) is f
    if hasattr(f, "__wrapped__") or hasattr(f, "__dict__"):  # CPython: functions have attributes
        assert auth(f).__name__ == "f"
        assert auth.optional(f).__name__ == "f"


def test_malformed_basic_credentials_are_none():
    seen = []
    auth = BasicAuth()
    app = basic_app(auth)

    @auth.authenticate
    async def verify(request, username, password):
        seen.append((username, password))

    good = binascii.b2a_base64(b"foo:bar")[:-1].decode()
    values = ["", "Basic", "Basic ", "Basic=", "Basic foo", "Basic \xe4\xf6\xfc\xdf", good]
    values += ["Basic%s" % good, "Basic =" + good, "Basic %s %s" % (good, good)]
    values += ["Basic %s, Basic %s" % (good, good), "Basic " + good[:-1] + "\t" + good[-1]]
    values += ["Basic Zm9vOmJhcg", "Basic %%%", "Basic \xa0", "Bearer " + good, "Digest " + good]
    for value in values:
        assert get(app, headers={"Authorization": value}).status_code == 401, value
    # No colon, bytes that are not UTF-8, overlong UTF-8, a surrogate, control characters.
    for data in (b"", b"foobar", b"foo:\xff", b"f\xc0\xafo:bar", b"foo:\xed\xa0\x80"):
        assert get(app, headers=basic(data)).status_code == 401, data
    for data in (b"foo:b\x00r", b"foo:bar\n", b"f\ro:bar", b"foo:\x7f"):
        assert get(app, headers=basic(data)).status_code == 401, data
    assert seen == []


def test_what_user_names_and_passwords_may_be():
    users = [("foo", "b:a:r"), ("", "pass"), ("jos\xe9", "\u20acuro \U0001f511"), ("bare", "")]
    app = basic_app(BasicAuth(), users)
    for name, password in users:
        response = get(app, headers=basic(name + ":" + password))
        assert response.json == {"name": name}
    # RFC 7617 section 2.1: "test" and "123\xa3" in UTF-8.
    app = basic_app(BasicAuth(), [("test", "123\xa3")])
    headers = {"Authorization": "Basic dGVzdDoxMjPCow=="}
    assert get(app, headers=headers).json == {"name": "test"}
    # RFC 7617 section 2: "Aladdin" and "open sesame".
    app = basic_app(BasicAuth(), [("Aladdin", "open sesame")])
    headers = {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}
    assert get(app, headers=headers).json == {"name": "Aladdin"}


def test_the_pinned_cases_of_token_authentication():
    app = token_app(TokenAuth())
    assert get(app).status_code == 401
    for value in ("Basic foo", "invalid"):
        assert get(app, headers={"Authorization": value}).status_code == 401
    assert get(app, headers=bearer("foo")).json == {"name": "foo"}
    for value in (None, "Basic foo", "foo"):
        response = get(app, "/open", value and {"Authorization": value})
        assert (response.status_code, response.text) == (200, "hello nobody")
    assert get(app, "/open", bearer("foo")).text == "hello foo"


def test_the_pinned_cases_of_a_token_in_a_field_of_its_own():
    app = token_app(TokenAuth(header="X-Auth-Token"))
    for name, value in (
        ("Authorization", "Basic foo"),
        ("Authorization", "foo"),
        ("Authorization", "Bearer foo"),
        ("X-Token-Auth", "Bearer foo"),
    ):
        assert get(app, headers={name: value}).status_code == 401
    for name in ("X-Auth-Token", "x-auth-token"):
        assert get(app, headers={name: "foo"}).status_code == 200


def test_caches_are_told_of_a_field_of_its_own():
    app = token_app(TokenAuth(header="X-Auth-Token"))
    assert get(app, headers={"X-Auth-Token": "foo"}).headers["Vary"] == "X-Auth-Token"
    assert get(app).headers["Vary"] == "X-Auth-Token"
    assert get(app, "/open").headers["Vary"] == "X-Auth-Token"
    assert "Vary" not in get(token_app(TokenAuth()), headers=bearer("foo")).headers


def test_an_error_handler_may_come_after_the_routes():
    auth = TokenAuth()
    app = token_app(auth)

    @auth.errorhandler
    async def wrong(request):
        return {"status_code": 403}, 403

    response = get(app, headers=bearer("bar"))
    assert response.status_code == 403
    assert response.json == {"status_code": 403}


def test_an_error_handler_that_returns_nothing_admits_nobody():
    auth = TokenAuth()
    app = token_app(auth)
    called = []

    @auth.errorhandler
    async def wrong(request):
        called.append(request)

    response = get(app)
    assert (response.status_code, response.body) == (204, b"")
    assert len(called) == 1


def test_the_scheme_is_kept_in_lower_case():
    assert TokenAuth().scheme == "bearer"
    assert TokenAuth(scheme="ApiKey").scheme == "apikey"


def test_results_that_are_false_are_no_user():
    for result in (None, False, 0, "", [], {}):
        auth = TokenAuth()
        app = token_app(auth)
        auth.authenticate(lambda request, token: result)
        assert get(app, headers=bearer("foo")).status_code == 401
        assert get(app, "/open", bearer("foo")).text == "hello nobody"


def test_what_the_function_raises_is_the_response():
    auth = TokenAuth()
    app = token_app(auth)

    @auth.authenticate
    async def verify(request, token):
        raise HTTPException(503, "no database")

    response = get(app, headers=bearer("foo"))
    assert (response.status_code, response.text) == (503, "no database")
    assert get(app, "/open", bearer("foo")).status_code == 503


def test_arguments_of_the_path_reach_the_endpoint():
    auth = TokenAuth()
    app = token_app(auth)

    @app.get("/<int:number>/<name>")
    @auth
    async def item(request, number, name):
        return [number, name]

    assert get(app, "/5/x", bearer("foo")).json == [5, "x"]
    assert get(app, "/5/x").status_code == 401


def test_endpoints_that_stream():
    auth = TokenAuth()
    app = token_app(auth)

    @app.get("/stream")
    @auth
    def stream(request):
        yield "a"
        yield "b"

    assert get(app, "/stream", bearer("foo")).text == "ab"
    assert get(app, "/stream").status_code == 401


class KeyAuth(BaseAuth):
    """A key in the query string."""

    options = ("argument",)
    argument = "key"

    def credentials(self, request):
        key = request.args.get(self.argument)
        return (key,) if key else None

    async def authentication_error(self, request):
        return "no key", 403


def test_a_kind_of_its_own():
    auth = KeyAuth("k")
    app = token_app(auth)
    assert get(app, "/?k=foo").json == {"name": "foo"}
    response = get(app, "/?key=foo")
    assert (response.status_code, response.text) == (403, "no key")
    assert get(app, "/open?k=foo").text == "hello foo"
    bare = BaseAuth()
    assert bare.auth_callback is None and bare.error_callback is None
    assert "credentials" in refused(NotImplementedError, bare.credentials, None)
    assert "authentication_error" in refused(
        NotImplementedError, run, bare.authentication_error(None)
    )


def guarded_app(**options):
    auth = TokenAuth()
    app = token_app(auth)
    app.use(Guard(auth, **options))

    @app.get("/login")
    async def login(request):
        return "login"

    @app.get("/static/<path:path>")
    async def static(request, path):
        return path

    @app.get("/user")
    async def user(request):
        return request.g.current_user

    return app


def test_a_guard_protects_all_routes():
    app = guarded_app()
    for path in ("/", "/open", "/login", "/static/x", "/user", "/none"):
        response = get(app, path)
        assert response.status_code == 401, path
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="Restricted"'
    assert get(app, "/user", bearer("foo")).json == {"name": "foo"}
    assert get(app, "/none", bearer("foo")).status_code == 404
    assert run(TestClient(app).request("OPTIONS", "/user")).status_code == 401


def test_a_guard_has_public_paths():
    app = guarded_app(public=["/login", "/static/", "/"])
    assert get(app, "/login").text == "login"
    assert get(app, "/login?next=/").text == "login"
    assert get(app, "/static/a/b").text == "a/b"
    for path in ("/user", "/login/x", "/static", "/logins", "/%6cogin", "//"):
        assert get(app, path).status_code == 401, path
    # The front page is public for the guard, and protected by its own decorator.
    guard = app.find_plugin("auth")
    assert guard.is_public("/")
    assert not guard.is_public("/user")


def test_a_guard_answers_with_what_the_error_handler_returns():
    auth = BasicAuth()
    app = basic_app(auth)
    app.use(Guard(auth))
    response = get(app, "/open")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"][:5] == "Basic"

    @auth.errorhandler
    async def wrong(request):
        return Response("no", 403)

    assert get(app, "/open").text == "no"


def test_a_guard_of_a_local_application_protects_that_one():
    auth = TokenAuth()
    inner = token_app(auth)
    inner.use(Guard(auth))
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        return "public"

    app.mount(inner, "/inner", local=True)
    assert get(app).text == "public"
    assert get(app, "/inner/open").status_code == 401
    assert get(app, "/inner/open", bearer("foo")).text == "hello foo"


def test_a_guard_that_cannot_be():
    assert "BasicAuth" in refused(TypeError, Guard, "secret")
    assert "list" in refused(TypeError, Guard, TokenAuth(), "/login")
