"""User logins: contract sections 18 and 28.9. On both platforms."""

import asyncio
import json
from binascii import a2b_base64

from microdot import Microdot, Response
from microdot.auth import Guard
from microdot.login import Login
from microdot.login.revoked import Revoked
from microdot.login.targets import login_target, next_target
from microdot.session import MemoryStore, Session, with_session
from microdot.session.tokens import encode
from microdot.test_client import TestClient

SECRET = "top-secret!"


class User:
    def __init__(self, id, name="user"):
        self.id = id
        self.name = name


def run(coro):
    return asyncio.run(coro)


async def wait(seconds):
    await asyncio.sleep(seconds)


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def make_app(users=None, store=None, **options):
    """Return an application and its Login; ``/login/<id>`` logs in as that user."""
    users = users or [User(1, "one"), User(2, "two")]
    app = Microdot(autoload=False)
    Session(app, secret_key=SECRET, store=store)
    return app, add_login(app, users, **options)


def add_login(app, users, **options):
    login = Login(**options)

    @login.user_loader
    async def load(user_id):
        for user in users:
            if user.id == user_id and type(user.id) is type(user_id):
                return user
        return None

    @app.route("/login/<int:number>", methods=["GET", "POST"])
    async def log_in(request, number):
        remember = request.args.get("remember")
        return await login.login_user(
            request, users[number], remember=json.loads(remember) if remember else False
        )

    @app.get("/")
    @login
    async def index(request):
        assert await login.get_current_user(request) is request.g.current_user
        return request.g.current_user.name

    @app.get("/plain")
    @login
    def plain(request):
        return request.g.current_user.name

    @app.get("/fresh")
    @login.fresh
    async def fresh(request):
        return "fresh " + request.g.current_user.name

    @app.get("/who")
    async def who(request):
        user = await login.get_current_user(request)
        return user.name if user is not None else "nobody"

    @app.post("/logout")
    @login
    async def log_out(request):
        await login.logout_user(request)
        assert await login.get_current_user(request) is None
        assert request.g.current_user is None
        return "bye"

    @app.post("/change")
    @login
    async def change(request):
        return "changed"

    return login


def steps(app, *paths, client=None):
    """Ask for paths, ``POST /x`` or ``/x``, with one client; return (client, the last response)."""
    client = client or TestClient(app)

    async def ask():
        response = None
        for path in paths:
            if path.startswith("POST "):
                response = await client.post(path[5:])
            else:
                response = await client.get(path)
        return response

    return client, run(ask())


def location(response):
    assert response.status_code == 302
    return response.headers["Location"]


def cookies_of(response):
    """Return [(name, value, [attributes])] of the cookies that a response sets."""
    found = []
    for text in response.headers.get("Set-Cookie") or []:
        pair, *attributes = text.split("; ")
        name, _, value = pair.partition("=")
        found.append((name, value, sorted(attributes)))
    return found


def remembered(app, path="/login/0?remember=true"):
    """Log in; return the value of the cookie that remembers it."""
    client, response = steps(app, path)
    return client.cookies["_remember"]


def payload_of(token):
    text = token.split(".")[1].replace("-", "+").replace("_", "/")
    return json.loads(a2b_base64((text + "=" * (-len(text) % 4)).encode()).decode())


def test_the_pinned_way_in_and_out():
    app, _ = make_app()
    client, response = steps(app, "/")
    assert location(response) == "/login?next=/"
    assert response.body == b""
    client, response = steps(app, "/login/0", client=client)
    assert location(response) == "/"
    assert [name for name, _, _ in cookies_of(response)] == ["session"]
    for path in ("/", "/plain"):
        client, response = steps(app, path, client=client)
        assert (response.status_code, response.text) == (200, "one")
    client, response = steps(app, "/fresh", client=client)
    assert response.text == "fresh one"
    client, response = steps(app, "POST /logout", client=client)
    assert (response.status_code, response.text) == (200, "bye")
    client, response = steps(app, "/", client=client)
    assert location(response) == "/login?next=/"


def test_the_pinned_targets():
    app, _ = make_app()
    assert location(steps(app, "/?foo=bar")[1]) == "/login?next=/%3Ffoo%3Dbar"
    assert location(steps(app, "/plain")[1]) == "/login?next=/plain"
    assert location(steps(app, "/fresh")[1]) == "/login?next=/fresh"
    assert location(steps(app, "/login/0?next=/%3Ffoo=bar")[1]) == "/?foo=bar"
    assert location(steps(app, "/login/0?next=http://example.com")[1]) == "/"


def test_the_pinned_remembered_login():
    app, _ = make_app()
    client, response = steps(app, "/login/0?remember=true")
    assert len(cookies_of(response)) == 2
    client, response = steps(app, "/fresh", client=client)
    assert response.status_code == 200
    del client.cookies["session"]
    client, response = steps(app, "/", client=client)
    assert (response.status_code, response.text) == (200, "one")
    client, response = steps(app, "/fresh", client=client)
    assert location(response) == "/login?next=/fresh"
    client, response = steps(app, "POST /logout", client=client)
    assert "_remember" not in client.cookies
    client, response = steps(app, "/", client=client)
    assert response.status_code == 302


def test_a_loader_that_knows_nobody():
    app, login = make_app()
    client, _ = steps(app, "/login/0?remember=true")
    login.user_loader(lambda user_id: None)
    assert location(steps(app, "/", client=client)[1]) == "/login?next=/"
    del client.cookies["session"]
    assert location(steps(app, "/", client=client)[1]) == "/login?next=/"


def test_ids_keep_their_type():
    for id in (5, "5", "jos\xe9", 0, ""):
        app, _ = make_app([User(id, "found")])
        client, _ = steps(app, "/login/0?remember=true")
        assert steps(app, "/", client=client)[1].text == "found"
        del client.cookies["session"]
        assert steps(app, "/", client=client)[1].text == "found"


def test_decorators_return_the_function():
    login = Login("/enter")
    assert login.login_url == "/enter"

    def f(x):
        return None

    assert login.user_loader(f) is f
    assert login.user_loader_callback is f
    assert login.remember_key(f) is f
    if hasattr(f, "__dict__"):  # CPython: functions have attributes
        assert login(f).__name__ == "f"
        assert login.fresh(f).__name__ == "f"


def test_arguments_of_the_path_reach_the_endpoint():
    app, login = make_app()

    @app.get("/item/<int:number>/<name>")
    @login
    async def item(request, number, name):
        return [number, name]

    assert steps(app, "/login/0", "/item/5/x")[1].json == [5, "x"]


def test_where_a_user_goes_otherwise():
    app, login = make_app()

    @app.post("/enter")
    async def enter(request):
        return await login.login_user(request, User(1), redirect_url="/home")

    assert location(steps(app, "POST /enter")[1]) == "/home"
    assert location(steps(app, "POST /enter?next=/x")[1]) == "/x"
    assert location(steps(app, "POST /enter?next=//x")[1]) == "/home"


def test_days():
    for remember, seconds in (("true", 2592000), ("7", 604800), ("0.5", 43200)):
        app, _ = make_app()
        response = steps(app, "/login/0?remember=" + remember)[1]
        name, value, attributes = cookies_of(response)[0]
        if name != "_remember":
            name, value, attributes = cookies_of(response)[1]
        assert "Max-Age=%d" % seconds in attributes
        payload = payload_of(value)
        assert payload["user_id"] == 1
        assert payload["exp"] - payload["iat"] == seconds
    for remember in ("false", "0", "null"):
        app, _ = make_app()
        assert len(cookies_of(steps(app, "/login/0?remember=" + remember)[1])) == 1


def test_days_and_ids_that_cannot_be():
    def enter(user, remember):
        app, login = make_app()
        caught = []

        @app.get("/enter")
        async def endpoint(request):
            try:
                await login.login_user(request, user, remember)
            except (TypeError, ValueError) as error:
                caught.append(str(error))
            return "x"

        client, response = steps(app, "/enter")
        # No half login.
        assert (response.text, client.cookies) == ("x", {})
        return caught[0]

    for remember in ("on", [1], -1, 1e9, float("inf"), float("nan")):
        assert "remember=" in enter(User(1), remember)
    for id in (None, b"x", object()):
        assert "id" in enter(User(id), False)
    assert "NoneType" in enter(None, False)


def test_a_remembered_login_ends_when_its_time_is_over():
    app, _ = make_app()
    client, _ = steps(app, "/login/0?remember=%s" % 0.0000232)  # 2 seconds
    del client.cookies["session"]
    client, response = steps(app, "/who", client=client)
    assert response.text == "one"
    assert "session" in client.cookies
    run(wait(2.1))
    # The session that it began ends with it; the client has kept both cookies.
    assert steps(app, "/who", client=client)[1].text == "nobody"


def test_w_login_01_only_paths_of_this_site():
    app, _ = make_app()
    for url in ("//evil.com", "/\\evil.com", "/\t/evil.com", "\\\\evil.com", "/x\\y", "/\x7f"):
        assert next_target(url, "/home") == "/home", url
    for url in ("http://evil.com", "javascript:alert(1)", "evil.com", "", None, " /x", "///x"):
        assert next_target(url, "/home") == "/home", url
    for url in ("/", "/x", "/x?y=//z", "/x//y", "/jos\xe9", "/x#y", "/a:b", "/%2F/x"):
        assert next_target(url, "/home") == url
    for query in ("//evil.com", "/%5Cevil.com", "/%09/evil.com", "%2F%2Fevil.com", "/%0A/evil.com"):
        assert location(steps(app, "/login/0?next=" + query)[1]) == "/", query


def test_w_login_02_a_remembered_login_is_never_extended():
    app, _ = make_app()
    token = remembered(app, "/login/0?remember=7")
    client = TestClient(app, cookies={"_remember": token})
    for _ in range(3):
        client, response = steps(app, "/", client=client)
        assert response.status_code == 200
        assert "_remember" not in [name for name, _, _ in cookies_of(response)]
    assert client.cookies["_remember"] == token


def test_w_login_02_its_session_counts_only_together_with_it():
    app, _ = make_app()
    token = remembered(app)
    client, _ = steps(app, "/", client=TestClient(app, cookies={"_remember": token}))
    session = client.cookies["session"]
    both = {"_remember": token, "session": session}
    client, response = steps(app, "/who", client=TestClient(app, cookies=dict(both)))
    assert response.text == "one"
    assert cookies_of(response) == []
    assert steps(app, "/who", client=TestClient(app, cookies={"session": session}))[1].text == (
        "nobody"
    )
    # It ends for all when one logs out.
    steps(app, "POST /logout", client=client)
    assert steps(app, "/who", client=TestClient(app, cookies=both))[1].text == "nobody"


def test_w_login_03_tokens_are_for_one_purpose():
    app, _ = make_app()
    session = Session(secret_key=SECRET)
    now = 2000000000
    payload = {"user_id": 1, "days": 30, "exp": now * 2, "series": "x", "until": now, "begun": 0}
    forged = [session.encode(payload), encode(payload, SECRET, "password reset")]
    client, _ = steps(app, "/login/0?remember=true")
    forged.append(client.cookies["session"])
    forged.append(encode({"user_id": 1}, "another", "microdot.login remember"))
    for token in forged:
        for name in ("_remember", "session"):
            if (name, token) == ("session", client.cookies["session"]):
                continue
            other = TestClient(app, cookies={name: token})
            assert steps(app, "/who", client=other)[1].text == "nobody"
    other = TestClient(app, cookies={"session": client.cookies["_remember"]})
    assert steps(app, "/who", client=other)[1].text == "nobody"


def test_malformed_cookies_are_nobody():
    app, _ = make_app()
    good = remembered(app)
    for token in ("", "x", "..", "a.b.c", good[:-2], good + "x", "\xff", good.upper()):
        for cookies in ({"_remember": token}, {"_remember": token, "session": token}):
            client, response = steps(app, "/who", client=TestClient(app, cookies=cookies))
            assert (response.status_code, response.text) == (200, "nobody")


def test_w_login_04_attributes_of_the_cookie():
    app, _ = make_app(cookie_options={"domain": "example.com", "same_site": "Strict"})
    attributes = [
        "Domain=example.com", "HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Strict", "Secure",
    ]  # fmt: skip
    client, response = steps(app, "/login/0?remember=1", client=TestClient(app, scheme="https"))
    assert [a for name, _, a in cookies_of(response) if name == "_remember"] == [attributes]
    app, _ = make_app()
    client, response = steps(app, "/login/0?remember=1")
    attributes = ["HttpOnly", "Max-Age=86400", "Path=/", "SameSite=Lax"]
    assert [a for name, _, a in cookies_of(response) if name == "_remember"] == [attributes]
    refused(TypeError, Login, cookie_options={"colour": "x"})
    refused(ValueError, Login, cookie_options={"path": "/;x"})


def test_w_login_04_a_copy_is_worth_nothing_after_logout():
    app, _ = make_app()
    client, _ = steps(app, "/login/0?remember=true")
    token = client.cookies["_remember"]
    other = remembered(app)
    steps(app, "POST /logout", client=client)
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": token}))[1].text == (
        "nobody"
    )
    # The same user, on another device.
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": other}))[1].text == (
        "one"
    )


def test_w_login_04_another_process_knows_of_it_through_the_store():
    store = MemoryStore()
    one, _ = make_app(store=store)
    two, _ = make_app(store=store)
    client, _ = steps(one, "/login/0?remember=true")
    token = client.cookies["_remember"]
    assert steps(two, "/who", client=TestClient(two, cookies={"_remember": token}))[1].text == "one"
    steps(one, "POST /logout", client=client)
    assert steps(two, "/who", client=TestClient(two, cookies={"_remember": token}))[1].text == (
        "nobody"
    )


class SlowStore:
    """A store whose methods have to be awaited."""

    def __init__(self):
        self.inner = MemoryStore()

    async def load(self, id):
        await asyncio.sleep(0)
        return self.inner.load(id)

    async def save(self, id, text, seconds, new):
        await asyncio.sleep(0)
        return self.inner.save(id, text, seconds, new)

    async def touch(self, id, seconds):
        return self.inner.touch(id, seconds)

    async def delete(self, id):
        self.inner.delete(id)


def test_a_store_that_has_to_be_awaited():
    store = SlowStore()
    one, _ = make_app(store=store)
    two, _ = make_app(store=store)
    client, response = steps(one, "/login/0?remember=true", "/")
    assert response.text == "one"
    token = client.cookies["_remember"]
    steps(one, "POST /logout", client=client)
    for app in (one, two):
        other = TestClient(app, cookies={"_remember": token})
        assert steps(app, "/who", client=other)[1].text == "nobody"


def test_w_login_04_a_changed_key_ends_all_of_a_user():
    keys = {1: "hash 1"}
    app, login = make_app()
    before = remembered(app)

    @login.remember_key
    async def key(user):
        return keys[user.id]

    token = remembered(app)
    assert keys[1] not in json.dumps(payload_of(token))
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": token}))[1].text == "one"
    keys[1] = "hash 2"
    for value in (before, token):
        other = TestClient(app, cookies={"_remember": value})
        assert steps(app, "/who", client=other)[1].text == "nobody"


def test_logins_that_ended_are_bounded():
    revoked = Revoked(3)
    for number in range(3):
        revoked.add("s%d" % number, 100 + number, 10)
    assert revoked.has("s0", 5) and not revoked.has("x", 5)
    # One is over by itself, and makes room.
    revoked.add("s3", 200, 100)
    assert not revoked.has("s0", 5) and revoked.has("s1", 5) and revoked.has("s3", 5)
    # None makes room: every login until then counts as ended.
    revoked.add("s4", 300, 50)
    assert revoked.has("x", 50) and revoked.has("s1", 5) and revoked.has("s4", 60)
    assert not revoked.has("x", 51)


def test_w_login_05_a_user_with_the_id_0():
    app, _ = make_app([User(0, "zero")])
    client, response = steps(app, "/login/0?remember=true", "/")
    assert response.text == "zero"
    del client.cookies["session"]
    assert steps(app, "/", client=client)[1].text == "zero"


def test_w_login_06_control_characters_in_next():
    app, _ = make_app()
    for query in ("/%0d%0aX:%20y", "/x%0d", "/x%00"):
        client, response = steps(app, "/login/0?next=" + query)
        assert location(response) == "/"
        assert steps(app, "/", client=client)[1].text == "one"


def test_w_login_06_a_query_arrives_as_it_was():
    app, _ = make_app()
    for url in ("/?a=b+c", "/?a=b%2Bc&d=%26", "/?a=%25%20", "/?a=jos%C3%A9"):
        client, response = steps(app, url)
        target = location(response)
        assert target.startswith("/login?next=")
        assert location(steps(app, "/login/0" + target[6:])[1]) == url


def test_w_login_07_the_user_of_somebody_else_is_nobody():
    app, login = make_app()

    @app.before_request
    async def before(request):
        request.g.current_user = User(9, "somebody else")

    assert location(steps(app, "/")[1]) == "/login?next=/"
    assert steps(app, "/who")[1].text == "nobody"
    assert steps(app, "/login/0", "/")[1].text == "one"


def test_w_login_07_two_logins_do_not_share_what_they_found():
    app, login = make_app()
    other = Login("/other")
    other.user_loader(lambda user_id: None)

    @app.get("/both")
    @login
    @other
    async def both(request):
        return "x"

    assert location(steps(app, "/login/0", "/both")[1]) == "/other?next=/both"


def test_w_login_08_what_cannot_be_asked_for_again_is_no_target():
    app, _ = make_app()
    assert location(steps(app, "POST /change?x=1")[1]) == "/login"
    assert login_target("/login", "HEAD", "/x") == "/login?next=/x"
    for method in ("POST", "PUT", "PATCH", "DELETE", "QUERY"):
        assert login_target("/login", method, "/x") == "/login"


def test_w_login_08_a_login_page_with_a_query():
    assert login_target("/login?a=b", "GET", "/x") == "/login?a=b&next=/x"
    assert login_target("/login#form", "GET", "/x") == "/login?next=/x#form"
    assert login_target("/l?a=b#f", "GET", "/x") == "/l?a=b&next=/x#f"
    assert login_target("https://id.example/in", "GET", "/x") == "https://id.example/in?next=/x"
    app, _ = make_app(login_url="/login?lang=de")
    assert location(steps(app, "/")[1]) == "/login?lang=de&next=/"


def test_a_login_ends_the_remembered_one_of_another_user():
    app, _ = make_app()
    token = remembered(app)
    client, response = steps(app, "/login/1", client=TestClient(app, cookies={"_remember": token}))
    assert "_remember" not in client.cookies
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": token}))[1].text == (
        "nobody"
    )


def test_a_fresh_login_keeps_the_remembered_one_of_the_same_user():
    app, _ = make_app()
    client = TestClient(app, cookies={"_remember": remembered(app)})
    assert location(steps(app, "/", "/fresh", client=client)[1]) == "/login?next=/fresh"
    client, response = steps(app, "/login/0", client=client)
    assert [name for name, _, _ in cookies_of(response)] == ["session"]
    assert steps(app, "/fresh", client=client)[1].text == "fresh one"
    # A session that began by logging in does not end with the cookie.
    token = client.cookies.pop("_remember")
    assert steps(app, "/", client=client)[1].text == "one"
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": token}))[1].text == "one"


def test_remembering_anew_ends_what_was_remembered_before():
    app, _ = make_app()
    old = remembered(app)
    client, response = steps(
        app, "/login/0?remember=7", client=TestClient(app, cookies={"_remember": old})
    )
    assert len(cookies_of(response)) == 2
    assert client.cookies["_remember"] != old
    assert steps(app, "/who", client=TestClient(app, cookies={"_remember": old}))[1].text == (
        "nobody"
    )


def test_a_session_that_was_planted_is_replaced_at_login():
    store = MemoryStore()
    app, _ = make_app(store=store)
    victim, _ = steps(app, "/login/1")
    planted = victim.cookies["session"]
    client, response = steps(app, "/login/0", client=TestClient(app, cookies={"session": planted}))
    assert client.cookies["session"] != planted
    assert steps(app, "/who", client=TestClient(app, cookies={"session": planted}))[1].text == (
        "nobody"
    )


def test_a_stored_session_ends_at_logout():
    app, _ = make_app(store=MemoryStore())

    @app.get("/cart")
    @with_session
    async def cart(request, session):
        session["cart"] = session.get("cart", 0) + 1
        session.save()
        return str(session["cart"])

    client, _ = steps(app, "/login/0", "/cart")
    copy = dict(client.cookies)
    steps(app, "POST /logout", client=client)
    other = TestClient(app, cookies=copy)
    assert steps(app, "/who", client=other)[1].text == "nobody"
    # What else was in it is worth nothing to a copy either; the browser keeps it.
    assert steps(app, "/cart", client=other)[1].text == "1"
    assert steps(app, "/cart", client=client)[1].text == "2"


def test_in_and_out_in_one_request_leaves_one_cookie_of_each():
    app, login = make_app()

    @app.get("/twice")
    async def twice(request):
        await login.login_user(request, User(1), remember=True)
        await login.login_user(request, User(2), remember=True)
        await login.login_user(request, User(1), remember=5)
        return "x"

    @app.get("/another")
    async def another(request):
        await login.login_user(request, User(1), remember=True)
        await login.login_user(request, User(2))
        return "x"

    @app.get("/again")
    async def again(request):
        await login.login_user(request, User(1), remember=True)
        await login.login_user(request, User(1))
        return "x"

    @app.get("/in-out")
    async def in_out(request):
        await login.login_user(request, User(1), remember=True)
        await login.logout_user(request)
        return "x"

    client, response = steps(app, "/twice")
    assert sorted([name for name, _, _ in cookies_of(response)]) == ["_remember", "session"]
    assert steps(app, "/who", client=client)[1].text == "one"
    client, response = steps(app, "/another")
    assert [name for name, _, _ in cookies_of(response)] == ["session"]
    assert steps(app, "/who", client=client)[1].text == "two"
    client, response = steps(app, "/again")
    assert len(cookies_of(response)) == 2
    client, response = steps(app, "/another", client=client)
    assert sorted(client.cookies) == ["session"]
    client, response = steps(app, "/in-out")
    assert [name for name, _, _ in cookies_of(response)] == ["session"]
    assert steps(app, "/who", client=client)[1].text == "nobody"


def test_what_is_missing_is_said():
    app = Microdot(autoload=False)
    caught = []

    @app.errorhandler(RuntimeError)
    async def error(request, error):
        caught.append(str(error))
        return "x", 500

    login = Login()
    app.get("/")(login(lambda request: "x"))
    assert steps(app, "/")[1].status_code == 500
    assert "Session(secret_key=" in caught[0]
    Session(app, secret_key=SECRET)
    # Nobody is logged in: no loader is needed to say so.
    assert steps(app, "/")[1].status_code == 302

    @app.get("/login")
    async def enter(request):
        return await login.login_user(request, User(1))

    assert steps(app, "/login", "/")[1].status_code == 500
    assert "@login.user_loader" in caught[1]


def test_a_mounted_application_with_sessions_of_its_own():
    inner, _ = make_app()
    app = Microdot(autoload=False)
    app.mount(inner, "/inner", local=True)
    assert location(steps(app, "/inner/")[1]) == "/login?next=/inner/"
    assert steps(app, "/inner/login/0", "/inner/who")[1].text == "one"
    assert steps(app, "/inner/login/0?remember=true", "POST /inner/logout")[1].text == "bye"


def test_a_guard_with_a_login():
    app, login = make_app(login_url="/login/0?x=y#z")
    app.use(Guard(login))
    assert location(steps(app, "/who")[1]) == "/login/0?x=y&next=/who#z"
    assert location(steps(app, "/none")[1]) == "/login/0?x=y&next=/none#z"
    client, response = steps(app, "/login/0?next=/who")
    assert location(response) == "/who"
    assert steps(app, "/who", client=client)[1].text == "one"
    assert steps(app, "/login/1")[1].status_code == 302
    assert steps(app, "/none", client=client)[1].status_code == 404


def test_a_response_of_the_application_carries_the_cookies():
    app, login = make_app()

    @app.get("/api")
    async def api(request):
        await login.login_user(request, User(1), remember=True)
        return Response({"in": True}, headers={"X-Y": "z"})

    client, response = steps(app, "/api")
    assert response.json == {"in": True}
    assert sorted(client.cookies) == ["_remember", "session"]
