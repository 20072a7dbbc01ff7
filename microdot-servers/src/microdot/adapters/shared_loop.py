"""An event loop in a thread of its own that other threads may take turns of.

A request that comes in a thread of the server needs an event loop. To hand it over to another
thread and back costs some 50 µs. So the thread takes a turn of the loop instead: while the loop's
own thread waits for something to happen, it runs the first step of the request, as a task of that
loop and as nobody else does. Whoever runs code of the loop holds one lock: there is never more than
one step under way, and what holds on one event loop holds here.
"""

import asyncio
import selectors
import sys
import threading
from asyncio.tasks import _enter_task, _leave_task  # type: ignore[attr-defined]
from contextvars import Context, copy_context
from typing import Any, Callable, Coroutine, Optional

from microdot.cpython.worker import Worker
from microdot.helpers import report

#: An event loop can be changed by another thread while it waits, with these ways of waiting.
CAN_SHARE = selectors.DefaultSelector.__name__ in ("EpollSelector", "KqueueSelector")


class _Selector(selectors.DefaultSelector):
    """Gives the loop away while it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        #: The loop's own thread runs, or wants to: others are not to keep it from that.
        self.active = True

    def select(self, timeout: Optional[float] = None) -> Any:
        self.active = False
        self.lock.release()
        try:
            return super().select(timeout)
        finally:
            self.active = True
            self.lock.acquire()


class Job(asyncio.Future):  # type: ignore[type-arg]
    """A plain function to be called in the thread of a request; the future of its result.

    :param function: the function, without arguments.
    :param exchange: the request in whose thread it has to be; None for one that the loop's
                     executor may run as well.
    :param loop: the loop.
    """

    def __init__(self, function: Callable[[], Any], exchange: Any, loop: Any) -> None:
        super().__init__(loop=loop)
        self.function = function
        self.exchange = exchange

    def call(self) -> "tuple[Any, Optional[BaseException]]":
        """Call the function; return its result, or None and what it raised."""
        try:
            return self.function(), None
        except BaseException as error:
            return None, error

    def settle(self, result: Any, error: Optional[BaseException]) -> None:
        """Set what ``call`` returned."""
        if self.done():
            return
        if error is None:
            self.set_result(result)
        else:
            self.set_exception(error)


class SharedLoop(asyncio.SelectorEventLoop):
    """The event loop, with its thread.

    :param inline: other threads may take turns.
    """

    def __init__(self, inline: bool = True) -> None:
        self._inline = inline and CAN_SHARE
        self._shared = _Selector()
        #: Another thread has a turn.
        self.borrowed = False
        self._owner: Optional[int] = None
        # During a turn, something was added that the loop has to look at.
        self._touched = False
        self._jobs: "list[Job]" = []
        self._pool: "list[Turn]" = []
        self._asyncgen_hooks: Any = (None, None)
        super().__init__(self._shared)
        self._thread = threading.Thread(target=self._run, name="microdot-loop", daemon=True)

    def start(self) -> None:
        """Start the thread; return when the loop runs."""
        running = threading.Event()

        def begin() -> None:
            self._asyncgen_hooks = tuple(sys.get_asyncgen_hooks())
            running.set()

        self.call_soon(begin)
        self._thread.start()
        running.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self)
        self._shared.lock.acquire()
        try:
            while True:
                try:
                    self.run_forever()
                    break
                except (SystemExit, KeyboardInterrupt) as error:
                    report("A task wanted the process to end; only the server can do that", error)
            tasks = asyncio.all_tasks(self)
            for task in tasks:
                task.cancel()
            self.run_until_complete(_ended(tasks))
            self.run_until_complete(self.shutdown_asyncgens())
        finally:
            self._shared.lock.release()
            self.close()

    def finish(self) -> None:
        """Stop the loop and its thread."""
        self.call_soon_threadsafe(self.stop)
        self._thread.join()

    # turns

    def enter(self, wait: bool = False) -> bool:
        """Take a turn; False when this thread has to leave it to the loop's own.

        :param wait: take it in any case.
        """
        selector = self._shared
        if not wait and (
            selector.active
            or not self._inline
            or asyncio._get_running_loop() is not None
            or self.get_debug()
        ):
            return False
        selector.lock.acquire()
        self._owner = threading.get_ident()
        asyncio._set_running_loop(self)
        sys.set_asyncgen_hooks(*self._asyncgen_hooks)
        self.borrowed = True
        self._touched = False
        return True

    def leave(self) -> None:
        """End the turn, if this thread has one."""
        if self._owner != threading.get_ident():
            return
        try:
            while self._jobs:
                self._assign(self._jobs.pop(0))
            touched = self._touched
        finally:
            self.borrowed = False
            self._owner = None
            sys.set_asyncgen_hooks(None, None)
            asyncio._set_running_loop(None)
            self._shared.lock.release()
        if touched:
            self.call_soon_threadsafe(_nothing)

    def call_soon(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Arrange for a call; see ``asyncio``."""
        self._touched = True
        return super().call_soon(*args, **kwargs)

    def call_at(self, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        """Arrange for a call; see ``asyncio``."""
        self._touched = True
        return super().call_at(*args, **kwargs)

    # jobs

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run a plain function in a thread; see ``asyncio``.

        A plain handler that a request is handed to in its own thread runs right there.
        """
        if not self.borrowed or executor is not None:
            return super().run_in_executor(executor, func, *args)
        if not isinstance(getattr(func, "__self__", None), Context):
            return super().run_in_executor(executor, func, *args)
        job = Job(lambda: func(*args), None, self)
        self._jobs.append(job)
        return job

    def job(self, function: Callable[[], Any], exchange: Any) -> Job:
        """Return the future of a call in the thread of a request."""
        job = Job(function, exchange, self)
        if self.borrowed:
            self._jobs.append(job)
        else:
            self._assign(job)
        return job

    def take_job(self, item: Any) -> Optional[Job]:
        """Return the job that a coroutine waits for, for this thread to do it."""
        if item in self._jobs:
            self._jobs.remove(item)
            # What a task does when it has noted what to wait for.
            item._asyncio_future_blocking = False
            return item  # type: ignore[no-any-return]
        return None

    def _assign(self, job: Job) -> None:
        # To whom it may concern: nobody has it done on the way.
        if job.exchange is not None:
            job.exchange.post(job)
            return
        future: Any = super().run_in_executor(None, job.call)
        future.add_done_callback(lambda done: job.settle(*done.result()))

    # tasks

    def turn(self, exchange: Any) -> "Turn":
        """Return a task for an exchange."""
        while self._pool:
            turn = self._pool.pop()
            if turn.is_unused():
                break
            turn.end()
        else:
            turn = Turn(self)
        turn.connection = exchange
        return turn

    def release(self, turn: "Turn") -> None:
        """Take back a task that is done with its exchange."""
        turn.connection = None
        if len(self._pool) < 64:
            self._pool.append(turn)
        else:
            turn.end()


class Turn(Worker):
    """A task that parts of run in the thread of a request.

    :param loop: the loop.
    """

    def __init__(self, loop: SharedLoop) -> None:
        self.loop: SharedLoop = loop
        super().__init__(self)

    def is_unused(self) -> bool:
        """Tell whether the task can do something; the loop need not have begun with it."""
        parked = self._parked
        return (
            self._rest is None
            and (parked is None or not parked.done())
            and not self._ended
            and not self.task.done()
        )

    def start_here(self, coro: "Coroutine[Any, Any, Any]") -> bool:
        """Run a coroutine as this task until it waits; return whether it has ended.

        The calling thread has a turn of the loop. Plain functions that the coroutine waits for are
        called here, while others may have a turn.
        """
        loop, task = self.loop, self.task
        context = copy_context()
        while True:
            _enter_task(loop, task)
            try:
                item = context.run(coro.send, None)
            except StopIteration:
                return True
            finally:
                _leave_task(loop, task)
            job = loop.take_job(item) if loop._jobs else None
            if job is None:
                self.adopt(coro, item, context)
                return False
            loop.leave()
            try:
                outcome = job.call()
            finally:
                loop.enter(True)
            job.settle(*outcome)


async def _ended(tasks: "Any") -> None:
    # What does not end now has had its time.
    if tasks:
        await asyncio.wait(tasks, timeout=1)


def _nothing() -> None:
    # Wakes the loop.
    pass
