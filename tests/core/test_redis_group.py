"""Groups over a real Redis server: several processes' worth of members, outages."""

import asyncio
import logging
import os
import time

import pytest

redis = pytest.importorskip("redis") if os.environ.get("CI") != "true" else __import__("redis")

from microdot import Microdot  # noqa: E402
from microdot.cpython.redis_group import RedisGroup  # noqa: E402
from redis_server import redis_server  # noqa: E402


@pytest.fixture
def server(tmp_path):
    yield from redis_server(tmp_path)


class Member:
    def __init__(self):
        self.received = []

    def post(self, data, **fields):
        self.received.append((data, fields))
        return True


async def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        await asyncio.sleep(0.01)


def test_members_of_every_process_receive_what_one_publishes(server):
    async def main():
        groups = [RedisGroup(server.url, "news") for _ in range(3)]
        other = RedisGroup(server.url, "weather")
        members = [Member() for _ in range(4)]
        for group, member in zip([*groups, other], members):
            group.join(member)
            await group.ready()
        assert await groups[0].publish("hello", event="greeting", event_id="7") == 3
        assert await groups[1].publish({"a": ["\u20ac"]}) == 3
        assert await groups[2].publish(b"\x00\xff") == 3
        await until(lambda: all(len(member.received) == 3 for member in members[:3]))
        for member in members[:3]:
            # Three connections bring them, in an order of their own.
            assert sorted(member.received, key=repr) == [
                ("hello", {"event": "greeting", "event_id": "7"}),
                ('{"a": ["\\u20ac"]}', {}),
                (b"\x00\xff", {}),
            ]
        assert members[3].received == []
        for group in [*groups, other]:
            await group.close()

    asyncio.run(main())


def test_as_a_plugin_it_follows_the_life_of_the_application(server):
    async def main():
        app = Microdot(autoload=False)
        group = app.use(RedisGroup(server.url, "plugin"))
        assert list(app.plugins) == ["redis-group-plugin"]
        await app._compile().run_lifecycle("microdot_startup")
        await asyncio.wait_for(group.ready(), 5)
        member = Member()
        group.join(member)
        await group.publish("hello")
        await until(lambda: member.received)
        await app._compile().run_lifecycle("microdot_shutdown")
        assert group._task is None

    asyncio.run(main())


def test_the_subscription_is_renewed_after_an_outage(server, caplog):
    async def main():
        group = RedisGroup(server.url, "outage")
        member = Member()
        group.join(member)
        await group.ready()
        server.stop()
        with pytest.raises(redis.exceptions.RedisError):
            await group.publish("lost")
        await until(lambda: not group._subscribed.is_set())
        server.start()
        await asyncio.wait_for(group.ready(), 10)
        await group.publish("back")
        await until(lambda: member.received)
        assert member.received == [("back", {})]
        await group.close()

    with caplog.at_level(logging.WARNING, "microdot"):
        asyncio.run(main())
    lost = [record for record in caplog.records if "is lost" in record.getMessage()]
    assert 1 <= len(lost) <= 2


def test_foreign_messages_are_reported_and_skipped(server, caplog):
    async def main():
        group = RedisGroup(server.url, "foreign")
        member = Member()
        group.join(member)
        await group.ready()
        for text in ("not json", "[]", "{}", '{"fields": 1, "data": "x"}'):
            await group._client.publish("foreign", text)
        await group.publish("ours")
        await until(lambda: member.received)
        assert member.received == [("ours", {})]
        await group.close()

    with caplog.at_level(logging.WARNING, "microdot"):
        asyncio.run(main())
    assert len(caplog.records) == 4
