"""``RedisStore``: sessions in Redis, for any number of processes and machines."""

from typing import Any, Optional

try:
    from redis import asyncio as redis
    from redis.exceptions import ConnectionError as Disconnected
except ImportError as error:  # pragma: no cover
    raise ImportError(
        'RedisStore needs the redis client: pip install "microdot-session[redis]"'
    ) from error


class RedisStore:
    """Keeps sessions in Redis: ``Session(secret_key=..., store=RedisStore(url))``.

    A Redis that cannot be reached is an error of the request that needs it. The connections belong
    to the event loop that they were made in; ``close()`` it before it is used in another one.

    :param url: for example ``"redis://localhost:6379/0"``.
    :param prefix: what the keys begin with.
    :param options: for the client, see ``redis.asyncio.Redis.from_url``.
    """

    def __init__(self, url: str, prefix: str = "microdot-session:", **options: Any) -> None:
        self.prefix = prefix
        options.setdefault("socket_connect_timeout", 5)
        options.setdefault("socket_timeout", 5)
        options.setdefault("health_check_interval", 30)
        # Once more, at once: connections that wait do not notice that Redis was started anew.
        options.setdefault("retry_on_error", [Disconnected])
        self._options = dict(options, url=url)
        # Made within the event loop that it is used in.
        self._connections: Any = None

    @property
    def _client(self) -> Any:
        if self._connections is None:
            self._connections = redis.Redis.from_url(**self._options)
        return self._connections

    async def load(self, key: str) -> Optional[str]:
        """Return the text kept under a key, None when there is none any more.

        :raises redis.exceptions.RedisError: Redis cannot be reached; so do the other methods.
        """
        text = await self._client.get(self.prefix + key)
        return text.decode() if isinstance(text, bytes) else text

    async def save(self, key: str, text: str, seconds: int, new: bool) -> bool:
        """Keep a text under a key; see ``MemoryStore.save``."""
        # Redis itself decides, so a session that another machine deletes meanwhile stays deleted.
        done = await self._client.set(self.prefix + key, text, ex=seconds, nx=new, xx=not new)
        return bool(done)

    async def touch(self, key: str, seconds: int) -> bool:
        """Keep what is under a key for so many seconds more; return whether there is something."""
        return bool(await self._client.expire(self.prefix + key, seconds))

    async def delete(self, key: str) -> None:
        """Forget what is under a key."""
        await self._client.delete(self.prefix + key)

    async def close(self) -> None:
        """Close the connections."""
        client, self._connections = self._connections, None
        if client is not None:
            await client.aclose()
