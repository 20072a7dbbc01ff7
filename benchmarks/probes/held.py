# Print the heap bytes held between requests: with an idle connection, and without one.
# Run by memory.py on MicroPython; asyncio and a running loop count as there already.
import asyncio
import gc
import sys

PAUSE_MS = 150  # the client needs none of it; the server's clean-up may


async def serve(port):
    gc.collect()
    before = gc.mem_alloc()
    from microdot import Microdot

    app = Microdot()
    answered = asyncio.Event()
    closing = asyncio.Event()

    @app.get("/")
    async def index(request):
        answered.set()
        return "Hello, World!"

    @app.get("/close")
    async def close(request):
        closing.set()
        return "Bye"

    asyncio.create_task(app.start_server(host="127.0.0.1", port=port))
    await answered.wait()
    await asyncio.sleep_ms(PAUSE_MS)
    gc.collect()
    idle = gc.mem_alloc()
    await closing.wait()
    await asyncio.sleep_ms(PAUSE_MS)
    gc.collect()
    print(gc.mem_alloc() - before, idle - before)


asyncio.run(serve(int(sys.argv[1])))
