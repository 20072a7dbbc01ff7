# Print which modules of the package are loaded: after the import, then after the first request.
# Run by memory.py on MicroPython.
import asyncio
import sys

from microdot import Microdot

app = Microdot()
answered = asyncio.Event()


def loaded():
    return " ".join(sorted(name for name in sys.modules if name.startswith("microdot.")))


@app.get("/")
async def index(request):
    answered.set()
    return "Hello, World!"


async def main():
    asyncio.create_task(app.start_server(host="127.0.0.1", port=int(sys.argv[1])))
    await answered.wait()
    await asyncio.sleep_ms(100)
    print(loaded())


print(loaded())
asyncio.run(main())
