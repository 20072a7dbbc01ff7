"""The task of a connection, when others than its server run steps of it."""

import asyncio
import contextvars
from asyncio.tasks import _enter_task, _leave_task

from microdot.cpython.worker import Worker

variable = contextvars.ContextVar("variable", default="unset")


class Connection:
    lost = False

    def __init__(self):
        self.ended = asyncio.get_running_loop().create_future()

    def finished_late(self):
        self.ended.set_result(None)

    def abort(self):
        raise AssertionError("nothing failed")


def test_a_worker_goes_on_with_a_coroutine_whose_first_step_ran_elsewhere():
    async def main():
        loop = asyncio.get_running_loop()

        class Server:
            pass

        Server.loop = loop
        worker = Worker(Server)
        worker.connection = connection = Connection()
        seen = []

        async def work():
            variable.set("mine")
            seen.append(asyncio.current_task())
            await asyncio.sleep(0.01)
            seen.append(asyncio.current_task())
            seen.append(variable.get())

        def step():
            # As in a callback, where no task is the current one.
            coro = work()
            context = contextvars.copy_context()
            _enter_task(loop, worker.task)
            try:
                item = context.run(coro.send, None)
            finally:
                _leave_task(loop, worker.task)
            worker.adopt(coro, item, context)

        loop.call_soon(step)
        await asyncio.wait_for(connection.ended, 5)
        assert seen == [worker.task, worker.task, "mine"]
        assert variable.get() == "unset"
        worker.end()
        await asyncio.wait([worker.task], timeout=5)

    asyncio.run(main())
