"""Plain functions in worker threads: handlers, iterators, files."""

import asyncio
import contextvars
from collections import deque
from time import monotonic
from typing import Any, AsyncIterator, Callable, Iterator


class _Stopped:
    """Carries a ``StopIteration`` out of a thread; a future cannot hold one."""

    def __init__(self, error: StopIteration) -> None:
        self.error = error


def _call(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except StopIteration as error:
        return _Stopped(error)


async def run_in_thread(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run a plain function in the loop's default executor and return its result.

    The function sees a copy of the caller's context variables. The size of
    the pool is that of ``loop.set_default_executor()``.

    :raises RuntimeError: in place of a ``StopIteration`` that the function lets out.
    """
    context = contextvars.copy_context()
    run: Callable[..., Any] = context.run
    result = await asyncio.get_running_loop().run_in_executor(
        None, run, _call, function, args, kwargs
    )
    if isinstance(result, _Stopped):
        raise RuntimeError("function raised StopIteration") from result.error
    return result


class ThreadIterator:
    """An asynchronous iterator over a plain one, advanced in worker threads.

    Items that are ready at once are fetched several at a time, so that a
    generator of small pieces does not cost a thread hop for each.

    :param iterator: what to iterate over.
    """

    #: Items, bytes and seconds that one visit to a thread may take.
    batch_items = 64
    batch_bytes = 65536
    batch_time = 0.005

    def __init__(self, iterator: "Iterator[Any]") -> None:
        self._iterator = iterator
        self._ready: "deque[Any]" = deque()
        self._end: "BaseException | None" = None
        self._visit: "asyncio.Future[Any] | None" = None

    def _fetch(self) -> None:
        stop = monotonic() + self.batch_time
        size = 0
        try:
            for item in self._iterator:
                self._ready.append(item)
                size += len(item) if isinstance(item, (bytes, str)) else 0
                full = len(self._ready) >= self.batch_items or size >= self.batch_bytes
                if full or monotonic() > stop:
                    break
            else:
                self._end = StopAsyncIteration()
        except BaseException as error:
            self._end = error

    def __aiter__(self) -> "AsyncIterator[Any]":
        return self

    async def __anext__(self) -> Any:
        if not self._ready:
            if self._end is None:
                # Shielded: a cancelled reader must not leave the iterator running unseen.
                self._visit = asyncio.ensure_future(run_in_thread(self._fetch))
                await asyncio.shield(self._visit)
            if not self._ready:
                end, self._end = self._end, StopAsyncIteration()
                raise end or StopAsyncIteration
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Wait for the visit that may be under way, then close the iterator under this one."""
        if self._visit is not None and not self._visit.done():
            await asyncio.wait([self._visit])
        close = getattr(self._iterator, "close", None)
        if close is not None:
            await run_in_thread(close)
