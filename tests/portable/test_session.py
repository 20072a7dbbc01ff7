"""Sessions: contract section 16, in the cookie and in a store. On both platforms."""

import asyncio
import json

from microdot import Microdot, Response
from microdot.session import MemoryStore, Session, SessionDict, jws, tokens, with_session
from microdot.session.tokens import now, sign_claims, verify_claims
from microdot.test_client import TestClient

CPYTHON = not hasattr(asyncio, "core")  # MicroPython's asyncio has a module of that name


def run(coro):
    return asyncio.run(coro)


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def plain(session):
    """dict(session), which MicroPython cannot do with a class of its own."""
    return {key: session[key] for key in session}


class Clock:
    """Makes it later."""

    def __enter__(self):
        self.real = tokens.time
        self.time = self.real()
        tokens.time = lambda: self.time
        return self

    def __exit__(self, *exc):
        tokens.time = self.real


class SlowStore(MemoryStore):
    """A store that has to be awaited; notes what is done."""

    def __init__(self):
        super().__init__()
        self.log = []

    async def load(self, key):
        await asyncio.sleep(0)
        self.log.append("load")
        return MemoryStore.load(self, key)

    async def save(self, key, text, seconds, new):
        await asyncio.sleep(0)
        self.log.append("save")
        assert seconds > 0  # Redis takes no other
        if (MemoryStore.load(self, key) is None) != new:
            return False
        self._items[key] = (now() + seconds, text)
        return True

    async def touch(self, key, seconds):
        await asyncio.sleep(0)
        self.log.append("touch")
        text = MemoryStore.load(self, key)
        if text is not None:
            self._items[key] = (now() + seconds, text)
        return text is not None

    async def delete(self, key):
        await asyncio.sleep(0)
        self.log.append("delete")
        MemoryStore.delete(self, key)

    async def close(self):
        self.log.append("close")


def make_app(**options):
    """An application with sessions: /set/a/b, /get, /delete, /renew, /nothing."""
    app = Microdot(autoload=False)
    options.setdefault("secret_key", "top-secret")
    app.session = app.use(Session(**options))

    @app.get("/set/<name>/<value>")
    @with_session
    async def set_(request, session, name, value):
        session[name] = value
        session.save()
        return plain(session)

    @app.get("/get")
    @with_session
    async def get(request, session):
        return plain(session)

    @app.get("/delete")
    @with_session
    async def delete(request, session):
        session.delete()
        return "deleted"

    @app.get("/renew")
    @with_session
    async def renew(request, session):
        session.renew()
        session.save()
        return "renewed"

    @app.get("/nothing")
    async def nothing(request):
        return "nothing"

    return app


#: The same must hold wherever sessions are kept.
def everywhere(**options):
    for store in (None, MemoryStore(), SlowStore()):
        yield make_app(store=store, **options)


def set_cookies(response):
    return response.headers.get("Set-Cookie") or []


def content(client, path="/get"):
    response = run(client.get(path))
    assert response.status_code == 200, response.text
    return response.json


def session_of(cookie, path="/get", **options):
    """What an application makes of a cookie."""
    return content(TestClient(make_app(**options), cookies={"session": cookie}), path)


def test_save_read_delete():
    for app in everywhere():
        client = TestClient(app)
        assert content(client) == {}
        assert "session" not in client.cookies
        assert content(client, "/set/name/joe") == {"name": "joe"}
        assert content(client) == {"name": "joe"}
        assert content(client, "/set/age/7") == {"name": "joe", "age": "7"}
        assert content(client) == {"name": "joe", "age": "7"}
        run(client.get("/delete"))
        assert "session" not in client.cookies
        assert content(client) == {}


def test_two_calls_of_get_return_one_object():
    for filled in (False, True):
        app = make_app()
        client = TestClient(app)

        @app.get("/twice")
        async def twice(request):
            one = app.session.get(request)
            one["x"] = 1
            two = app.session.get(request)
            assert one is two is request.g._session
            assert two.request is request
            return plain(two)

        @app.get("/empty")
        async def empty(request):
            assert app.session.get(request) is app.session.get(request)
            return {"same": await app.session.load(request) is app.session.get(request)}

        if filled:
            content(client, "/set/a/b")
        assert content(client, "/empty") == {"same": True}
        assert content(client, "/twice")["x"] == 1


def test_the_constructor_forms_mean_use():
    def check(app, session):
        app.get("/get")(with_session(get))
        assert app._session is session
        token = sign_claims({"a": 1}, "top-secret")
        assert content(TestClient(app, cookies={"session": token})) == {"a": 1}
        assert app.find_plugin("session") is session

    async def get(request, session):
        return plain(session)

    app = Microdot(autoload=False)
    check(app, Session(app, secret_key="top-secret"))
    app = Microdot(autoload=False)
    check(app, Session(app, "top-secret"))
    app = Microdot(autoload=False)
    check(app, app.use(Session(secret_key="top-secret")))
    app = Microdot(autoload=False)
    session = Session(secret_key="another", cookie_options={"path": "/x"})
    session.initialize(app, secret_key="top-secret", cookie_options={"path": "/y"})
    assert session.secret_key == "top-secret" and session.cookie_options["path"] == "/y"
    check(app, session)
    app = Microdot(autoload=False)
    session = Session(app)
    session.initialize(app, "top-secret")
    check(app, session)


def test_without_a_secret_using_a_session_is_a_value_error():
    app = make_app(secret_key="")
    errors = []

    @app.get("/")
    def index(request):
        for call in (
            lambda: app.session.get(request),
            lambda: app.session.update(request, {}),
            lambda: app.session.delete(request),
            lambda: app.session.encode({}),
            lambda: app.session.decode("x"),
        ):
            errors.append(refused(ValueError, call))

    run(TestClient(app).get("/"))
    assert len(errors) == 5
    assert all("secret" in error for error in errors)


def test_encode_and_decode_are_plain_json_web_tokens():
    session = Session(secret_key="top-secret")
    token = session.encode({"a": 1})
    header, payload, _ = token.split(".")
    assert json.loads(jws.decode64(header.encode()).decode()) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(jws.decode64(payload.encode()).decode()) == {"a": 1}
    assert session.decode(token) == {"a": 1}
    assert session.decode(token, "another") == {}
    assert session.decode(session.encode({"b": 2}, "another"), "another") == {"b": 2}
    for bad in ("", "x", token[:-1], None):
        assert session.decode(bad) == {}


def test_paths():
    app = make_app()

    @app.get("/child")
    @with_session
    def child(request, session):
        return plain(session)

    client = TestClient(app)
    content(client, "/set/a/b")
    assert content(client, "/child") == {"a": "b"}
    run(client.get("/delete"))
    assert content(client, "/child") == {}

    app = make_app(cookie_options={"path": "/child", "http_only": False})
    app.get("/child/foo")(with_session(lambda request, session: plain(session)))

    @app.get("/child/delete")
    @with_session
    async def delete(request, session):
        session.delete()
        return ""

    client = TestClient(app)
    response = run(client.get("/set/a/b"))
    assert "HttpOnly" not in set_cookies(response)[0]
    assert "; Path=/child;" in set_cookies(response)[0]
    assert content(client) == {}
    assert content(client, "/child/foo") == {"a": "b"}
    run(client.get("/child/delete"))
    assert content(client, "/child/foo") == {}


def test_plain_and_async_endpoints_and_their_arguments():
    app = make_app()

    @app.get("/plain/<int:number>")
    @with_session
    def plain(request, session, number):
        return {"number": number, "empty": not session}

    assert content(TestClient(app), "/plain/7") == {"number": 7, "empty": True}


def test_a_handler_keeps_its_name():
    @with_session
    async def handler(request, session):
        """Text."""

    if CPYTHON:
        assert handler.__name__ == "handler" and handler.__doc__ == "Text."
    else:
        assert callable(handler)


def test_without_sessions_there_is_a_clear_error():
    app = Microdot(autoload=False)
    errors = []

    @app.get("/")
    @with_session
    async def index(request, session):
        return "not reached"

    @app.errorhandler(RuntimeError)
    def error(request, error):
        errors.append(str(error))
        return "error", 500

    assert run(TestClient(app).get("/")).status_code == 500
    assert "app.use(Session(secret_key=...))" in errors[0] and " / " in errors[0]


def test_what_is_saved_is_what_was_there_when_it_was_saved():
    for app in everywhere():

        @app.get("/late")
        @with_session
        async def late(request, session):
            session["a"] = "in time"
            session.save()
            session["a"] = "late"
            return plain(session)

        client = TestClient(app)
        assert content(client, "/late") == {"a": "late"}
        assert content(client) == {"a": "in time"}


def test_update_takes_any_dictionary():
    for app in everywhere():

        @app.get("/update")
        async def update(request):
            await app.session.load(request)
            app.session.update(request, {"x": [1, {"y": None}]})
            return ""

        @app.get("/own")
        @with_session
        async def own(request, session):
            SessionDict(request, {"z": 1}).save()
            return ""

        client = TestClient(app)
        run(client.get("/update"))
        assert content(client) == {"x": [1, {"y": None}]}
        run(client.get("/own"))
        assert content(client) == {"z": 1}


def test_a_request_that_ends_in_an_error_changes_nothing():
    for app in everywhere():

        @app.get("/fail/<what>")
        @with_session
        async def fail(request, session, what):
            session["a"] = "changed"
            session.save()
            if what == "delete":
                session.delete()
            raise KeyError(what)

        app.errorhandler(KeyError)(lambda request, error: ("failed", 500))
        client = TestClient(app)
        content(client, "/set/a/b")
        for what in ("save", "delete"):
            response = run(client.get("/fail/" + what))
            assert response.status_code == 500 and not set_cookies(response)
            assert content(client) == {"a": "b"}


def test_an_after_handler_may_save():
    for app in everywhere():

        @app.after_request
        async def count(request, response):
            if request.path == "/nothing":
                session = await app.session.load(request)
                session["count"] = session.get("count", 0) + 1
                session.save()

        client = TestClient(app)
        run(client.get("/nothing"))
        response = run(client.get("/nothing"))
        assert len(set_cookies(response)) == 1
        assert content(client) == {"count": 2}


def test_vary_names_cookie_when_the_session_was_looked_at():
    for app in everywhere():
        client = TestClient(app)
        assert run(client.get("/get")).headers["Vary"] == "Cookie"
        assert "Vary" not in run(client.get("/nothing")).headers


def test_what_json_cannot_hold_is_refused_when_it_is_saved():
    for app in everywhere():
        errors = []

        @app.get("/bad")
        @with_session
        async def bad(request, session):
            session["when"] = {"at": object()}
            errors.append(refused(TypeError, session.save))
            return ""

        assert not set_cookies(run(TestClient(app).get("/bad")))
        assert errors[0].startswith("['when']['at'] is ")


# Cookies that a peer made up


def test_w_sess_05_bad_cookies_are_empty_sessions():
    good = sign_claims({"a": "b"}, "top-secret")
    header, payload, signature = good.split(".")
    none = jws.encode64(b'{"alg":"none"}').decode()
    bad = [
        "", "x", ".", "..", "...", good[:-1], good[1:], good + "x", header + "." + payload,
        header + "." + payload + ".", none + "." + payload + ".", none + "." + payload + "." + signature,
        payload + "." + header + "." + signature, '"', '""', "%00", "a" * 4000,
        sign_claims({"a": "b"}, "another-secret"), sign_claims({"a": "b"}, "top-secret", "other"),
        jws.encode64(b"[]").decode() + "." + payload + "." + signature,
        jws.encode64(b"{}").decode() + "." + payload + "." + signature,
        good[:40] + ("A" if good[40] != "A" else "B") + good[41:],
    ]  # fmt: skip
    for app in everywhere():
        for cookie in bad:
            client = TestClient(app, cookies={"session": cookie})
            assert content(client) == {}, cookie
            assert content(client, "/set/x/y") == {"x": "y"}, cookie
            assert content(client) == {"x": "y"}, cookie


def test_tokens_of_one_kind_are_nothing_to_another():
    cookies = {}
    for app in everywhere():
        client = TestClient(app)
        content(client, "/set/a/b")
        kind = "cookie" if app.session.store is None else "store"
        cookies[kind] = client.cookies["session"]
    other = TestClient(make_app(cookie_name="other"))
    content(other, "/set/a/b")
    cookies["other"] = other.cookies["other"]
    assert session_of(cookies["cookie"]) == {"a": "b"}
    assert session_of(cookies["store"]) == {}
    assert session_of(cookies["other"]) == {}
    assert session_of(cookies["cookie"], store=MemoryStore()) == {}
    app = make_app(cookie_name="other")
    assert content(TestClient(app, cookies={"other": cookies["cookie"]})) == {}
    assert content(TestClient(app, cookies={"other": cookies["other"]})) == {"a": "b"}


# Time


def test_w_sess_01_a_session_expires():
    for app in everywhere(max_age=100):
        with Clock() as clock:
            client = TestClient(app)
            run(client.get("/set/a/b"))
            cookie = client.cookies["session"]
            clock.time += 99
            assert content(TestClient(app, cookies={"session": cookie})) == {"a": "b"}
            if app.session.store is None:
                clock.time += 1
                assert content(TestClient(app, cookies={"session": cookie})) == {}
            clock.time += 200
            assert content(TestClient(app, cookies={"session": cookie})) == {}


def test_w_sess_01_without_max_age_it_expires_after_31_days():
    for app in everywhere():
        with Clock() as clock:
            client = TestClient(app)
            response = run(client.get("/set/a/b"))
            assert "Max-Age" not in set_cookies(response)[0]
            cookie = client.cookies["session"]
            clock.time += 31 * 86400
            assert content(TestClient(app, cookies={"session": cookie})) == {}


def test_a_sliding_session_lasts_while_it_is_used():
    for app in everywhere(max_age=100):
        with Clock() as clock:
            client = TestClient(app)
            response = run(client.get("/set/a/b"))
            assert "; Max-Age=100;" in set_cookies(response)[0]
            clock.time += 40
            assert not set_cookies(run(client.get("/get")))  # in the first half
            for _ in range(5):
                clock.time += 59
                response = run(client.get("/get"))
                assert response.json == {"a": "b"}
                assert len(set_cookies(response)) == 1
                assert "; Max-Age=100;" in set_cookies(response)[0]
            clock.time += 100
            assert content(client) == {}


def test_an_absolute_session_does_not():
    for app in everywhere(max_age=100, sliding=False):
        with Clock() as clock:
            client = TestClient(app)
            run(client.get("/set/a/b"))
            clock.time += 60
            assert not set_cookies(run(client.get("/get")))
            response = run(client.get("/set/c/d"))
            assert "; Max-Age=40;" in set_cookies(response)[0]
            cookie = client.cookies["session"]
            clock.time += 39
            assert content(client) == {"a": "b", "c": "d"}
            clock.time += 1
            assert content(TestClient(app, cookies={"session": cookie})) == {}


def test_a_shorter_absolute_time_is_for_old_cookies_too():
    with Clock() as clock:
        client = TestClient(make_app(max_age=1000, sliding=False))
        run(client.get("/set/a/b"))
        clock.time += 100
        assert session_of(client.cookies["session"], max_age=101, sliding=False) == {"a": "b"}
        assert session_of(client.cookies["session"], max_age=100, sliding=False) == {}


def test_renew_begins_an_absolute_session_again():
    for app in everywhere(max_age=100, sliding=False):
        with Clock() as clock:
            client = TestClient(app)
            run(client.get("/set/a/b"))
            clock.time += 60
            response = run(client.get("/renew"))
            assert "; Max-Age=100;" in set_cookies(response)[0]
            clock.time += 60
            assert content(client) == {"a": "b"}


def test_max_age_among_the_cookie_options_is_max_age():
    for app in everywhere(cookie_options={"max_age": 50}):
        with Clock() as clock:
            client = TestClient(app)
            response = run(client.get("/set/a/b"))
            assert "; Max-Age=50;" in set_cookies(response)[0]
            cookie = client.cookies["session"]
            clock.time += 50
            assert content(TestClient(app, cookies={"session": cookie})) == {}


def test_cookies_of_microdot_2_are_read_where_no_time_was_asked_for():
    cookie = sign_claims({"name": "joe"}, "top-secret")
    assert session_of(cookie) == {"name": "joe"}
    assert session_of(cookie, max_age=100) == {}
    # A time that the application had put into it is kept to.
    with Clock() as clock:
        cookie = sign_claims({"a": 1, "exp": now() + 10}, "top-secret")
        assert session_of(cookie) == {"a": 1, "exp": now() + 10}
        clock.time += 10
        assert session_of(cookie) == {}


def test_sessions_may_hold_names_of_claims():
    for app in everywhere():
        client = TestClient(app)
        for name in ("iat", "exp", "nbf", "jti", "_"):
            content(client, "/set/%s/x" % name)
        assert content(client) == {"iat": "x", "exp": "x", "nbf": "x", "jti": "x", "_": "x"}


def test_w_sess_01_secrets_can_be_changed():
    for store in (None, MemoryStore()):
        client = TestClient(make_app(secret_key="old", store=store))
        content(client, "/set/a/b")
        client.app = make_app(secret_key=["new", "old"], store=store)
        assert content(client) == {"a": "b"}
        content(client, "/set/c/d")
        client.app = make_app(secret_key=b"new", store=store)
        assert content(client) == {"a": "b", "c": "d"}
        client.app = make_app(secret_key="old", store=store)
        assert content(client) == {}


# The cookie


def test_w_sess_02_secure_defaults():
    for app in everywhere():
        response = run(TestClient(app).get("/set/a/b"))
        (cookie,) = set_cookies(response)
        assert cookie.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Lax"
        (cookie,) = set_cookies(run(TestClient(app, scheme="https").get("/set/a/b")))
        assert cookie.partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Lax"
    options = {"secure": True, "same_site": "Strict", "domain": "example.com"}
    app = make_app(cookie_options=options)
    (cookie,) = set_cookies(run(TestClient(app).get("/set/a/b")))
    assert cookie.partition("; ")[2] == (
        "Path=/; Domain=example.com; Secure; HttpOnly; SameSite=Strict"
    )
    app = make_app(cookie_options={"secure": False, "same_site": None})
    (cookie,) = set_cookies(run(TestClient(app, scheme="https").get("/set/a/b")))
    assert cookie.partition("; ")[2] == "Path=/; HttpOnly"


def test_w_sec_05_session_cookies_are_same_site_lax():
    for path in ("/set/a/b", "/delete"):
        (cookie,) = set_cookies(run(TestClient(make_app()).get(path)))
        assert cookie.endswith("; SameSite=Lax")


def test_a_deletion_has_the_options_of_the_cookie():
    for app in everywhere(max_age=60):
        (cookie,) = set_cookies(run(TestClient(app).get("/delete")))
        assert cookie == (
            "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0; HttpOnly; SameSite=Lax"
        )


def test_w_sess_03_one_cookie_however_often_saved():
    for app in everywhere():

        @app.get("/often")
        @with_session
        async def often(request, session):
            for i in range(5):
                session["i"] = i
                session.save()
            return ""

        @app.get("/undecided/<last>")
        @with_session
        async def undecided(request, session, last):
            session["last"] = last
            session.save()
            session.delete()
            if last == "save":
                session.save()
                session.save()
            return ""

        client = TestClient(app)
        assert len(set_cookies(run(client.get("/often")))) == 1
        assert content(client) == {"i": 4}
        assert len(set_cookies(run(client.get("/undecided/save")))) == 1
        assert content(client) == {"i": 4, "last": "save"}
        assert len(set_cookies(run(client.get("/undecided/delete")))) == 1
        assert content(client) == {}


def test_w_sess_03_the_options_of_the_caller_stay_as_they_are():
    options = {"domain": "example.com"}
    session = Session(Microdot(autoload=False), "x", options)
    session.initialize(Microdot(autoload=False), "y", options)
    assert options == {"domain": "example.com"}
    assert session.cookie_options["path"] == "/"


def test_w_sess_03_what_browsers_would_drop_is_an_error():
    app = make_app()
    errors = []

    @app.get("/fill/<int:size>")
    @with_session
    async def fill(request, session, size):
        session["x"] = "x" * size
        try:
            session.save()
        except ValueError as error:
            errors.append(str(error))
        return ""

    client = TestClient(app)
    largest = 0
    for size in range(2900, 3100):
        cookies = set_cookies(run(client.get("/fill/%d" % size)))
        if cookies:
            assert len(cookies[0]) <= 4096
            largest = size
    assert largest and len(errors) == 3099 - largest
    assert "4096" in errors[0] and ("4097" in errors[0] or "4098" in errors[0])
    assert "MemoryStore" in errors[0]
    # A store has room for it.
    client = TestClient(make_app(store=MemoryStore()))
    client.app.get("/fill/<int:size>")(with_session(fill_any))
    assert len(set_cookies(run(client.get("/fill/20000")))[0]) < 400
    assert len(content(client)["x"]) == 20000


async def fill_any(request, session, size):
    session["x"] = "x" * size
    session.save()
    return ""


def test_a_session_with_a_cookie_that_grew_too_long_stays_readable():
    with Clock() as clock:
        client = TestClient(make_app(max_age=100))
        client.app.get("/fill/<int:size>")(with_session(fill_any))
        run(client.get("/fill/2900"))
        cookie = client.cookies["session"]
        clock.time += 60
        app = make_app(max_age=100, cookie_options={"path": "/" + "x" * 300})
        response = run(TestClient(app, cookies={"session": cookie}).get("/get"))
        assert len(response.json["x"]) == 2900 and not set_cookies(response)


def test_options_that_cannot_be_are_refused_at_once():
    app = Microdot(autoload=False)
    for value in (0, -1, 1.5, "60"):
        assert "max_age" in refused(ValueError, Session, app, "x", max_age=value)
    assert "max_age" in refused(ValueError, Session, app, "x", {"max_age": 0})
    assert "same_site" in refused(ValueError, Session, app, "x", {"same_site": "maybe"})
    assert "name" in refused(ValueError, Session, app, "x", cookie_name="a b")
    refused(TypeError, Session, app, "x", {"no_such_option": 1})
    assert "load()" in refused(TypeError, Session, app, "x", store={})
    session = Session(app, "x")
    refused(TypeError, session.initialize, app, None, {"no_such_option": 1})


# Mounts


def test_w_sess_04_sessions_of_a_mounted_application():
    for local in (False, True):
        for store in (None, MemoryStore(), SlowStore()):
            inner = make_app(store=store)
            outer = Microdot(autoload=False)
            outer.mount(inner, url_prefix="/sub", local=local)
            client = TestClient(outer)
            assert content(client, "/sub/set/a/b") == {"a": "b"}
            assert content(client, "/sub/get") == {"a": "b"}
            run(client.get("/sub/delete"))
            assert content(client, "/sub/get") == {}


def test_w_sess_04_sessions_of_the_outer_application_serve_the_inner_one():
    for local in (False, True):
        inner = Microdot(autoload=False)

        @inner.get("/get")
        @with_session
        async def get(request, session):
            return plain(session)

        outer = make_app()
        outer.mount(inner, url_prefix="/sub", local=local)
        client = TestClient(outer)
        content(client, "/set/a/b")
        assert content(client, "/sub/get") == {"a": "b"}


def test_two_sessions_in_one_request():
    inner = make_app(cookie_name="inner", secret_key="inner")
    outer = make_app(cookie_name="outer", secret_key="outer")

    @inner.get("/both")
    @with_session
    async def both(request, session):
        other = outer.session.get(request)
        assert outer.session.get(request) is other and inner.session.get(request) is session
        session["own"] = 1
        other["own"] = 2
        session.save()
        other.save()
        return ""

    @inner.get("/show")
    @with_session
    async def show(request, session):
        return [plain(session), plain(outer.session.get(request))]

    outer.mount(inner, url_prefix="/sub", local=True)
    client = TestClient(outer)
    assert len(set_cookies(run(client.get("/sub/both")))) == 2
    assert content(client, "/sub/show") == [{"own": 1}, {"own": 2}]
    assert content(client) == {"own": 2}


# Sessions that the server keeps


def test_w_sess_01_a_deleted_session_is_gone_for_good():
    for store in (MemoryStore(), SlowStore()):
        app = make_app(store=store)
        client = TestClient(app)
        content(client, "/set/a/b")
        stolen = client.cookies["session"]
        thief = TestClient(app, cookies={"session": stolen})
        assert content(thief) == {"a": "b"}
        run(client.get("/delete"))
        assert content(thief) == {} and len(store) == 0
        content(thief, "/set/c/d")
        assert thief.cookies["session"] != stolen
        thief.cookies["session"] = stolen
        assert content(thief) == {}


def test_the_cookie_of_a_stored_session_is_an_id():
    app = make_app(store=MemoryStore())
    client = TestClient(app)
    content(client, "/set/private/value")
    payload = jws.decode64(client.cookies["session"].split(".")[1].encode())
    claims = json.loads(payload.decode())
    assert sorted(claims) == ["exp", "iat", "jti"]
    assert len(claims["jti"]) == 32
    other = TestClient(app)
    content(other, "/set/private/value")
    assert (
        verify_claims(other.cookies["session"], "top-secret", "session id session")["jti"]
        != (claims["jti"])
    )


def test_saving_again_keeps_the_id_and_renew_changes_it():
    for store in (MemoryStore(), SlowStore()):
        app = make_app(store=store)
        client = TestClient(app)
        content(client, "/set/a/b")
        (first,) = store._items
        content(client, "/set/c/d")
        assert list(store._items) == [first]
        planted = client.cookies["session"]
        run(client.get("/renew"))
        (second,) = store._items
        assert second != first
        assert content(client) == {"a": "b", "c": "d"}
        assert content(TestClient(app, cookies={"session": planted})) == {}


def test_renew_alone_changes_nothing():
    for app in everywhere(max_age=100):

        @app.get("/half")
        @with_session
        async def half(request, session):
            session.renew()
            return plain(session)

        @app.get("/backwards")
        @with_session
        async def backwards(request, session):
            session["x"] = "saved"
            session.save()
            session.renew()
            return ""

        with Clock() as clock:
            client = TestClient(app)
            content(client, "/set/a/b")
            clock.time += 60  # it is written anew now
            assert content(client, "/half") == {"a": "b"}
            assert content(client) == {"a": "b"}
            run(client.get("/backwards"))
            assert content(client) == {"a": "b", "x": "saved"}


def test_renew_and_delete_in_any_order_leave_nothing_behind():
    for store in (MemoryStore(), SlowStore()):
        app = make_app(store=store)

        @app.get("/do/<words>")
        @with_session
        async def do(request, session, words):
            for word in words.split("-"):
                getattr(session, word)()
            return ""

        for words, left in (
            ("delete", 0), ("renew-delete", 0), ("renew-save-delete", 0), ("save-renew-delete", 0),
            ("renew-save-renew-save", 1), ("delete-save", 1), ("renew-save-renew-save-delete", 0),
            ("delete-renew", 0), ("save-delete-save-delete", 0), ("renew", 1), ("delete-save-renew", 1),
        ):  # fmt: skip
            client = TestClient(app)
            content(client, "/set/a/b")
            stolen = client.cookies["session"]
            run(client.get("/do/" + words))
            assert len(store) == left, words
            assert content(client) == ({"a": "b"} if left else {}), words
            if words != "renew":
                assert content(TestClient(app, cookies={"session": stolen})) == {}, words
            run(client.get("/delete"))
            assert len(store) == 0


def test_what_is_deleted_meanwhile_stays_deleted():
    for store in (MemoryStore(), SlowStore()):
        app = make_app(store=store)

        @app.get("/meanwhile")
        @with_session
        async def meanwhile(request, session):
            other = TestClient(app, cookies={"session": request.cookies["session"]})
            await other.get("/delete")
            session["c"] = "d"
            session.save()
            return ""

        client = TestClient(app)
        content(client, "/set/a/b")
        stolen = client.cookies["session"]
        response = run(client.get("/meanwhile"))
        assert set_cookies(response)[0].startswith("session=;")
        assert len(store) == 0
        assert content(TestClient(app, cookies={"session": stolen})) == {}


def test_a_store_forgets_after_the_time_of_the_session():
    for store in (MemoryStore(), SlowStore()):
        with Clock() as clock:
            app = make_app(store=store, max_age=100)
            client = TestClient(app)
            content(client, "/set/a/b")
            clock.time += 60
            content(client)  # touches it
            clock.time += 99
            assert content(client) == {"a": "b"}
            clock.time += 500
            (key,) = store._items
            assert MemoryStore.load(store, key) is None and len(store) == 0


def test_time_that_runs_out_while_a_request_is_handled():
    for app in everywhere(max_age=100, sliding=False):
        with Clock() as clock:

            @app.get("/slow")
            @with_session
            async def slow(request, session):
                session["c"] = "d"
                session.save()
                clock.time += 20
                return ""

            client = TestClient(app)
            content(client, "/set/a/b")
            cookie = client.cookies["session"]
            clock.time += 90
            response = run(client.get("/slow"))
            assert response.status_code == 200
            assert "; Max-Age=0;" in set_cookies(response)[0]
            for value in (cookie, set_cookies(response)[0].partition(";")[0][8:]):
                assert content(TestClient(app, cookies={"session": value})) == {}


def test_an_asynchronous_store_is_loaded_once_and_only_when_needed():
    store = SlowStore()
    app = make_app(store=store)

    @app.get("/many")
    @with_session
    async def many(request, session):
        one, two = await asyncio.gather(app.session.load(request), app.session.load(request))
        assert one is two is session is app.session.get(request)
        return plain(session)

    client = TestClient(app)
    content(client)
    assert store.log == []
    content(client, "/set/a/b")
    assert store.log == ["save"]
    assert content(client, "/many") == {"a": "b"}
    assert store.log == ["save", "load"]
    run(client.get("/nothing"))
    assert store.log == ["save", "load"]


def test_loading_in_a_second_task_does_not_undo_the_first():
    app = make_app(store=SlowStore())

    @app.get("/tasks")
    async def tasks(request):
        async def change():
            session = await app.session.load(request)
            session["a"] = "changed"

        await asyncio.gather(change(), app.session.load(request))
        return plain(app.session.get(request))

    client = TestClient(app)
    content(client, "/set/a/b")
    assert content(client, "/tasks") == {"a": "changed"}


def test_what_a_store_has_lost_is_forgotten():
    for store in (MemoryStore(), SlowStore()):
        for sliding in (True, False):
            app = make_app(store=store, max_age=100, sliding=sliding)
            with Clock() as clock:
                client = TestClient(app)
                content(client, "/set/a/b")
                store._items.clear()
                clock.time += 60
                response = run(client.get("/get"))
                assert response.json == {} and not set_cookies(response)
                response = run(client.get("/set/c/d"))
                assert response.json == {"c": "d"}
                assert "; Max-Age=100;" in set_cookies(response)[0]


def test_get_of_an_asynchronous_store_says_what_to_do():
    app = make_app(store=SlowStore())
    errors = []

    @app.get("/sync")
    async def sync(request):
        for _ in range(2):
            errors.append(refused(RuntimeError, app.session.get, request))
        return plain(await app.session.load(request))

    client = TestClient(app)
    content(client, "/set/a/b")
    assert content(client, "/sync") == {"a": "b"}
    assert len(errors) == 2
    assert "SlowStore" in errors[0] and "await session.load(request)" in errors[0]


def test_shutdown_closes_the_store():
    store = SlowStore()
    app = make_app(store=store)
    run(app.session.microdot_shutdown(app))
    assert store.log == ["close"]
    for app in (make_app(), make_app(store=MemoryStore())):
        assert run(app.session.microdot_shutdown(app)) is None


def test_a_memory_store_is_bounded_and_keeps_what_is_used():
    store = MemoryStore(3)
    for key in "abc":
        assert store.save(key, key, 100, True) is True
    assert store.load("a") == "a"
    assert store.touch("b", 100) is True
    assert store.save("d", "d", 100, True) is True
    assert len(store) == 3
    assert store.load("c") is None
    assert [store.load(key) for key in "abd"] == ["a", "b", "d"]
    assert store.save("a", "A", 100, True) is False and store.load("a") == "a"
    assert store.save("a", "A", 100, False) is True and store.load("a") == "A"
    assert store.save("x", "x", 100, False) is False and store.load("x") is None
    assert store.touch("x", 100) is False
    store.delete("a")
    store.delete("a")
    assert store.load("a") is None and len(store) == 2
    assert "max_sessions" in refused(ValueError, MemoryStore, 0)
    assert MemoryStore().max_sessions == (10000 if CPYTHON else 32)


def test_a_response_of_an_endpoint_gets_the_cookie_beside_its_own():
    app = make_app()

    @app.get("/own")
    @with_session
    async def own(request, session):
        session["a"] = 1
        session.save()
        response = Response("hello")
        response.set_cookie("own", "1")
        return response

    response = run(TestClient(app).get("/own"))
    assert [cookie.partition("=")[0] for cookie in set_cookies(response)] == ["own", "session"]
