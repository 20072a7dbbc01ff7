"""CORS and CSRF where only CPython can go: entry points, ``functools.wraps``, other implementations."""

import asyncio
import functools
import logging
import re
import sys

import pytest
from microdot import Microdot
from microdot.cors import CORS
from microdot.cross_origin.origins import is_allowed
from microdot.csrf import CSRF
from microdot.test_client import TestClient

GOOD = "https://example.com"


def send(app, method, path="/", **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(TestClient(app).request(method, path, headers=headers))


def logged(f):
    @functools.wraps(f)
    async def wrapper(*args, **kwargs):
        return await f(*args, **kwargs)

    return wrapper


def test_decorators_made_with_wraps_are_followed():
    app = Microdot(autoload=False)
    cors = app.use(CORS(allowed_origins=[GOOD]))
    csrf = app.use(CSRF(cors=cors))

    @app.route("/", methods=["POST"])
    @logged
    @csrf.exempt
    @logged
    @cors.override(allowed_origins="*")
    async def index(request):
        return "x"

    # Of a mark, what is around it leads to it; what is inside of it is not looked for.
    assert send(app, "POST", Sec_Fetch_Site="cross-site").status_code == 200
    response = send(app, "POST", Sec_Fetch_Site="cross-site", Origin="https://other.example")
    assert response.headers["Access-Control-Allow-Origin"] == "https://other.example"


def test_a_mark_that_is_hidden_is_logged(caplog):
    app = Microdot(autoload=False)
    csrf = app.use(CSRF())

    @csrf.exempt
    async def hidden(request):
        return "x"

    app.post("/")(functools.partial(hidden))
    with caplog.at_level(logging.ERROR):
        assert send(app, "POST", Sec_Fetch_Site="cross-site").status_code == 403
        assert send(app, "POST", Sec_Fetch_Site="cross-site").status_code == 403
    assert len(caplog.records) == 1
    assert "@csrf.exempt has no effect on hidden" in caplog.text


def test_a_text_that_only_begins_like_an_origin_that_is_allowed():
    # What matches first is too short, what matches as a whole comes second.
    pattern = re.compile(r"https://a|https://a\.b")
    assert is_allowed((pattern,), "https://a.b")
    assert not is_allowed((pattern,), "https://a.b.c")
    assert not is_allowed((re.compile(r"https://a\.b$"),), "https://a.b\n")


def test_coroutine_functions_leave_no_warnings():
    async def allowed(origin):
        return True

    async def bind(request):
        return "x"

    with pytest.raises(TypeError, match="allowed in allowed_origins has to be awaited"):
        is_allowed((allowed,), GOOD)
    app = Microdot(autoload=False)
    csrf = app.use(CSRF(secret_key="key", bind=bind))
    app.get("/")(lambda request: csrf.token(request))
    assert send(app, "GET").status_code == 500


def test_both_work_with_pluggy_and_without(monkeypatch):
    for pluggy in (True, False):
        with monkeypatch.context() as patch:
            if not pluggy:
                patch.setitem(sys.modules, "pluggy", None)
                patch.delitem(sys.modules, "microdot.cpython.registry", raising=False)
            app = Microdot(autoload=False)
            cors = app.use(CORS(allowed_origins=[GOOD]))
            csrf = app.use(CSRF(cors=cors, secret_key="key"))
            assert (type(app._plugins.registrar).__name__ == "PluggyRegistrar") is pluggy
            app.get("/")(lambda request: csrf.token(request))
            app.post("/")(lambda request: "x")
            response = send(app, "GET", Origin=GOOD)
            assert response.headers["Access-Control-Allow-Origin"] == GOOD
            assert "csrf_token=" in response.headers["Set-Cookie"][0]
            assert send(app, "POST", Sec_Fetch_Site="cross-site").status_code == 403


def test_neither_takes_part_by_itself():
    app = Microdot()
    assert "cors" not in app.plugins and "csrf" not in app.plugins
