"""What exists on CPython only: plain functions in threads, contexts, tasks."""

import asyncio
import contextvars
import threading
import time

from microdot import Microdot
from microdot.test_client import TestClient


def ask(app, path, method="GET", **options):
    return asyncio.run(TestClient(app).request(method, path, **options))


def test_plain_handlers_run_in_threads():
    app = Microdot()

    @app.get("/")
    def index(request):
        return threading.current_thread().name

    assert ask(app, "/").text != threading.current_thread().name


def test_two_async_and_two_plain_handlers_progress_together():
    app = Microdot()
    arrived = []

    @app.get("/async/<int:n>")
    async def wait(request, n):
        arrived.append(n)
        while len(arrived) < 4:
            await asyncio.sleep(0.01)
        return "ok"

    @app.get("/plain/<int:n>")
    def block(request, n):
        arrived.append(n)
        while len(arrived) < 4:
            time.sleep(0.01)
        return "ok"

    async def main():
        client = TestClient(app)
        paths = ["/async/1", "/plain/2", "/async/3", "/plain/4"]
        return await asyncio.wait_for(asyncio.gather(*[client.get(p) for p in paths]), 5)

    assert [res.text for res in asyncio.run(main())] == ["ok"] * 4


def test_w_core_24_context_variables_reach_plain_handlers():
    variable = contextvars.ContextVar("variable", default="unset")
    app = Microdot()

    @app.before_request
    async def before(request):
        variable.set("set")

    @app.get("/")
    def index(request):
        return variable.get()

    assert ask(app, "/").text == "set"


def test_w_core_25_stop_iteration_in_a_thread_is_an_error():
    app = Microdot()

    @app.get("/")
    def index(request):
        raise StopIteration("on purpose")

    assert ask(app, "/").status_code == 500


def test_w_core_26_generators_and_files_do_not_block_the_loop():
    app = Microdot()

    class Slow:
        left = 2

        def read(self, n):
            time.sleep(0.15)
            self.left -= 1
            return b"x" if self.left >= 0 else b""

    @app.get("/generator")
    async def generator(request):
        def items():
            for _ in range(2):
                time.sleep(0.15)
                yield "x"

        return items()

    @app.get("/file")
    async def file(request):
        return Slow()

    async def main():
        client = TestClient(app)
        longest = 0
        for path in ("/generator", "/file"):
            task = asyncio.create_task(client.get(path))
            while not task.done():
                begun = time.monotonic()
                await asyncio.sleep(0.005)
                longest = max(longest, time.monotonic() - begun)
            assert task.result().body == b"xx"
        return longest

    assert asyncio.run(main()) < 0.12


def test_a_generator_of_small_pieces_is_fetched_in_batches():
    from microdot.cpython.threads import ThreadIterator

    visits = []

    def items():
        for i in range(200):
            if not visits or visits[-1] != threading.get_ident():
                visits.append(threading.get_ident())
            yield i

    async def main():
        return [item async for item in ThreadIterator(items())]

    assert asyncio.run(main()) == list(range(200))


def test_a_cancelled_reader_waits_for_the_thread_before_it_closes():
    from microdot.cpython.threads import ThreadIterator

    closed = []

    def items():
        try:
            while True:
                time.sleep(0.05)
                yield 1
        finally:
            closed.append(True)

    async def main():
        iterator = ThreadIterator(items())
        task = asyncio.create_task(iterator.__anext__())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await iterator.aclose()

    asyncio.run(main())
    assert closed == [True]


async def served(app, *requests):
    """Serve an application, send raw requests on one connection, return what comes back."""
    server = await app.start_server("127.0.0.1", 0, start_serving=False)
    await server.start_serving()
    port = server.sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    out = []
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
        out.append((await reader.readexactly(length)).decode())
    writer.close()
    await writer.wait_closed()
    app.shutdown()
    runner = app._runner
    await asyncio.gather(*runner._tasks)
    return out


def get(path):
    return b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % path.encode()


def test_the_task_of_a_handler_stays_the_same():
    app = Microdot()

    @app.get("/")
    async def index(request):
        first = asyncio.current_task()
        await asyncio.sleep(0)
        second = asyncio.current_task()
        await asyncio.sleep(0.01)
        return str(first is second is asyncio.current_task() and first is not None)

    assert asyncio.run(served(app, get("/"), get("/"))) == ["True", "True"]


def test_deadlines_begin_before_the_first_wait():
    app = Microdot()

    @app.get("/")
    async def index(request):
        try:
            await asyncio.wait_for(asyncio.sleep(5), 0.05)
        except asyncio.TimeoutError:
            return "timeout"

    @app.get("/timeout")
    async def timeout(request):
        if not hasattr(asyncio, "timeout"):
            return "timeout"
        try:
            async with asyncio.timeout(0.05):
                await asyncio.sleep(5)
        except TimeoutError:
            return "timeout"

    @app.get("/zero")
    async def zero(request):
        if not hasattr(asyncio, "timeout"):
            return "timeout"
        try:
            async with asyncio.timeout(0):
                await asyncio.sleep(5)
        except TimeoutError:
            return "timeout"

    requests = get("/"), get("/timeout"), get("/zero"), get("/")
    assert asyncio.run(served(app, *requests)) == ["timeout"] * 4


def test_children_of_a_handler():
    app = Microdot()

    @app.get("/")
    async def index(request):
        async def child(n):
            await asyncio.sleep(0.01)
            return n

        return {"sum": sum(await asyncio.gather(*[child(n) for n in range(4)]))}

    assert asyncio.run(served(app, get("/"))) == ['{"sum": 6}']


def test_requests_of_a_connection_have_contexts_of_their_own():
    variable = contextvars.ContextVar("variable", default="unset")
    app = Microdot()

    @app.get("/")
    async def index(request):
        before = variable.get()
        variable.set("set")
        await asyncio.sleep(0.01)
        return before + " " + variable.get()

    assert asyncio.run(served(app, get("/"), get("/"))) == ["unset set"] * 2
