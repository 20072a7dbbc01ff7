"""Sessions in a real Redis server: several processes, deletion, expiry, outages."""

import asyncio
import json
import os
import pathlib
import time

import pytest

redis = pytest.importorskip("redis") if os.environ.get("CI") != "true" else __import__("redis")

from harness import cpython, get  # noqa: E402
from microdot import Microdot  # noqa: E402
from microdot.session import Session, with_session  # noqa: E402
from microdot.session.cpython.redis_store import RedisStore  # noqa: E402
from microdot.test_client import TestClient  # noqa: E402
from redis_server import redis_server  # noqa: E402

APP = pathlib.Path(__file__).with_name("app.py")


@pytest.fixture
def server(tmp_path):
    yield from redis_server(tmp_path)


def make_app(store, **options):
    app = Microdot(autoload=False)
    app.use(Session(secret_key="top-secret", store=store, **options))

    @app.get("/set/<value>")
    @with_session
    async def set_(request, session, value):
        session["value"] = value
        session.save()
        return dict(session)

    @app.get("/get")
    @with_session
    async def get(request, session):
        return dict(session)

    @app.get("/renew")
    @with_session
    async def renew(request, session):
        session.renew()
        session.save()
        return ""

    @app.get("/delete")
    @with_session
    async def delete(request, session):
        session.delete()
        return ""

    return app


async def content(client, path="/get"):
    return (await client.get(path)).json


def test_the_methods_of_a_store(server):
    async def main():
        store = RedisStore(server.url)
        assert await store.load("a") is None
        assert await store.save("a", "1", 100, False) is False
        assert await store.load("a") is None
        assert await store.save("a", "\u20ac", 100, True) is True
        assert await store.save("a", "other", 100, True) is False
        assert await store.load("a") == "\u20ac"
        assert await store.save("a", "2", 100, False) is True
        assert await store.load("a") == "2"
        assert await store.touch("a", 500) is True
        assert 495 <= await store._client.ttl("microdot-session:a") <= 500
        assert await store.touch("b", 500) is False
        await store.delete("a")
        await store.delete("a")
        assert await store.load("a") is None
        await store.close()
        await store.close()
        assert await store.load("a") is None  # it opens again
        await store.close()

    asyncio.run(main())


def test_text_is_text_whatever_the_client_is_told(server):
    async def main():
        store = RedisStore(server.url, decode_responses=True)
        await store.save("a", "\u20ac", 100, True)
        assert await store.load("a") == "\u20ac"
        await store.close()

    asyncio.run(main())


def test_prefixes_keep_applications_apart(server):
    async def main():
        one, two = RedisStore(server.url, "one:"), RedisStore(server.url, "two:")
        await one.save("a", "1", 100, True)
        assert await two.load("a") is None
        for store in (one, two):
            await store.close()

    asyncio.run(main())


def test_a_session_is_the_same_on_every_machine_and_gone_on_every_machine(server):
    async def main():
        stores = [RedisStore(server.url) for _ in range(2)]
        here, there = [TestClient(make_app(store), cookies={}) for store in stores]
        await here.get("/set/hello")
        there.cookies.update(here.cookies)
        assert await content(there) == {"value": "hello"}
        await there.get("/set/again")
        assert await content(here) == {"value": "again"}
        planted = dict(here.cookies)
        await here.get("/renew")
        assert await content(here) == {"value": "again"}
        there.cookies.update(planted)
        assert await content(there) == {}
        stolen = dict(here.cookies)
        await here.get("/delete")
        there.cookies.update(stolen)
        assert await content(there) == {}
        assert await stores[0]._client.dbsize() == 0
        for store in stores:
            await store.close()

    asyncio.run(main())


def test_what_another_machine_deletes_meanwhile_stays_deleted(server):
    async def main():
        store = RedisStore(server.url)
        app = make_app(store)
        client = TestClient(app)

        @app.get("/meanwhile")
        @with_session
        async def meanwhile(request, session):
            await TestClient(app, cookies=dict(client.cookies)).get("/delete")
            session["value"] = "late"
            session.save()
            return ""

        await client.get("/set/hello")
        stolen = dict(client.cookies)
        response = await client.get("/meanwhile")
        assert response.headers["Set-Cookie"][0].startswith("session=;")
        assert await content(TestClient(app, cookies=stolen)) == {}
        assert await store._client.dbsize() == 0
        await store.close()

    asyncio.run(main())


def test_redis_forgets_when_the_session_expires(server):
    async def main():
        store = RedisStore(server.url)
        client = TestClient(make_app(store, max_age=2))
        await client.get("/set/hello")
        (key,) = await store._client.keys()
        assert 1000 < await store._client.pttl(key) <= 2000
        await asyncio.sleep(2.1)
        assert await store._client.dbsize() == 0
        assert await content(client) == {}
        await store.close()

    asyncio.run(main())


def test_processes_share_sessions_and_an_outage_is_an_error_of_the_request(server):
    servers = [cpython(server.url, app=APP) for _ in range(2)]
    outputs = []
    try:
        reply = servers[0].ask(get("/count"))
        cookie = reply.headers["set-cookie"].partition(";")[0]
        for number in (2, 3, 4):
            reply = servers[number % 2].ask(get("/count", Cookie=cookie))
            assert json.loads(reply.body) == {"count": number}
        server.stop()
        start = time.monotonic()
        assert servers[0].ask(get("/", Cookie=cookie)).status == 500
        assert time.monotonic() - start < 1
        assert servers[0].ask(get("/")).status == 200  # nothing to look for
        server.start()
        assert servers[0].ask(get("/", Cookie=cookie)).body == b"{}"
        reply = servers[1].ask(get("/count", Cookie=cookie))
        assert json.loads(reply.body) == {"count": 1}
    finally:
        outputs = [one.stop() for one in servers]
    assert outputs[0].count("Unhandled exception") == 1
    assert "Traceback" not in outputs[1], outputs[1]


def test_shutdown_closes_the_connections(server):
    async def main():
        store = RedisStore(server.url)
        app = make_app(store)
        await TestClient(app).get("/set/hello")
        client = store._client
        assert len(await client.client_list()) == 1
        await app._plan.run_lifecycle("microdot_shutdown")
        assert store._connections is None
        other = redis.Redis.from_url(server.url)
        assert len(other.client_list()) == 1
        other.close()

    asyncio.run(main())


def test_the_redis_extra_names_the_client():
    from importlib import metadata

    try:
        requires = metadata.requires("microdot-session")
    except metadata.PackageNotFoundError:
        text = (pathlib.Path(__file__).parents[2] / "microdot-session/pyproject.toml").read_text()
        assert 'redis = ["redis>=5"]' in text
    else:
        assert any(r.startswith("redis") and "extra" in r for r in requires)
