# Print the heap bytes one request allocates: nothing is collected, the handler reads the meter.
# Run by memory.py on MicroPython, which sends as many requests as argv[2] says.
import asyncio
import gc
import sys

from microdot import Microdot

WARM_UP = 10

app = Microdot()
done = asyncio.Event()
marks = [0] * int(sys.argv[2])
count = 0


@app.get("/")
async def index(request):
    global count
    marks[count] = gc.mem_alloc()
    count += 1
    if count == len(marks):
        done.set()
    return "Hello, World!"


async def main():
    asyncio.create_task(app.start_server(host="127.0.0.1", port=int(sys.argv[1])))
    await done.wait()
    print((marks[-1] - marks[WARM_UP - 1]) // (len(marks) - WARM_UP))


gc.collect()
gc.disable()
asyncio.run(main())
