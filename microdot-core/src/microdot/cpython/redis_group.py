"""``RedisGroup``: a group whose members are spread over processes and machines, joined by Redis."""

import asyncio
import base64
import json
from typing import Any, Dict, Optional

from ..broadcast import Group
from .compat import logger

try:
    from redis import asyncio as redis
    from redis.exceptions import RedisError
except ImportError as error:  # pragma: no cover
    raise ImportError(
        'RedisGroup needs the redis client: pip install "microdot-core[redis]"'
    ) from error

#: Seconds between attempts to subscribe again: the first, and the longest.
_RETRY = (0.1, 5.0)


class RedisGroup(Group):
    """A group that shares a channel with those of the same name in other processes.

    What is published goes to Redis, and from there to the members of every process, this one
    included. Redis keeps nothing: while it cannot be reached, ``publish`` raises, and messages of
    others are missed; the subscription is renewed by itself.

    Use it as a plugin, ``app.use(RedisGroup(...))``, which subscribes at start-up and closes the
    connections at shutdown. Without that it subscribes when the first member joins, and ``close``
    is yours to call.

    :param url: for example ``"redis://localhost:6379/0"``.
    :param channel: the name of the channel.
    :param skip_slow: see ``Group``.
    :param options: for the client, see ``redis.asyncio.Redis.from_url``.
    """

    def __init__(self, url: str, channel: str, skip_slow: bool = False, **options: Any) -> None:
        super().__init__(skip_slow)
        self.channel = channel
        self.name = "redis-group-" + channel
        options.setdefault("socket_connect_timeout", 5)
        options.setdefault("socket_keepalive", True)
        options.setdefault("health_check_interval", 30)
        self._options = dict(options, url=url)
        # Made within the event loop that it is used in.
        self._connections: Any = None
        self._task: "Optional[asyncio.Task[None]]" = None
        self._subscribed: "Optional[asyncio.Event]" = None

    @property
    def _client(self) -> Any:
        if self._connections is None:
            self._connections = redis.Redis.from_url(**self._options)
        return self._connections

    def join(self, member: Any) -> None:
        """Add a member; the first one starts the subscription."""
        super().join(member)
        self._start()

    async def publish(self, data: Any, **fields: Any) -> int:
        """Send a message to every member of every process.

        :param data: text or bytes; a dictionary or list becomes JSON.
        :param fields: see ``Group.publish``; what JSON can hold.
        :returns: how many processes received it.
        :raises redis.exceptions.RedisError: Redis cannot be reached.
        """
        envelope: Dict[str, Any] = {"fields": fields}
        if isinstance(data, (bytes, bytearray, memoryview)):
            envelope["bytes"] = base64.b64encode(data).decode()
        else:
            envelope["data"] = data
        return int(await self._client.publish(self.channel, json.dumps(envelope)))

    async def ready(self) -> None:
        """Wait until the subscription stands."""
        self._start()
        assert self._subscribed is not None
        await self._subscribed.wait()

    async def close(self) -> None:
        """End the subscription and close the connections."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        client, self._connections = self._connections, None
        if client is not None:
            await client.aclose()

    async def microdot_startup(self, app: Any) -> None:
        """Subscribe; a Redis that cannot be reached yet is tried again in the background."""
        self._start()

    async def microdot_shutdown(self, app: Any) -> None:
        """Close the connections."""
        await self.close()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._subscribed = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._listen(self._subscribed))

    async def _listen(self, subscribed: asyncio.Event) -> None:
        pause = _RETRY[0]
        while True:
            pubsub = self._client.pubsub()
            try:
                await pubsub.subscribe(self.channel)
                async for message in pubsub.listen():
                    if message["type"] == "subscribe":
                        subscribed.set()
                        pause = _RETRY[0]
                    elif message["type"] == "message":
                        await self._receive(message["data"])
            except (RedisError, OSError) as error:
                if subscribed.is_set() or pause == _RETRY[0]:
                    logger.warning(
                        "Redis channel %s is lost (%s); subscribing again", self.channel, error
                    )
                subscribed.clear()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _RETRY[1])
            finally:
                await pubsub.aclose()

    async def _receive(self, text: Any) -> None:
        try:
            envelope = json.loads(text)
            if "bytes" in envelope:
                data: Any = base64.b64decode(envelope["bytes"])
            else:
                data = envelope["data"]
            fields = dict(envelope["fields"])
        except (ValueError, KeyError, TypeError):
            logger.warning("Redis channel %s: a message that is none of ours", self.channel)
            return
        await self.deliver(data, fields)
