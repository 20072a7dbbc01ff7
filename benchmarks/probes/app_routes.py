# Print the heap bytes an application with ten routes holds, first and second of its kind.
# Run by memory.py on MicroPython.
import asyncio  # noqa: F401
import gc

from microdot import Microdot

before = middle = after = 0
app = second = None
PATHS = (
    "/",
    "/about",
    "/status",
    "/settings",
    "/sensors",
    "/log",
    "/api/wifi",
    "/api/time",
    "/api/pins/<int:id>",
    "/api/pins/<int:id>/value",
)


async def handler(request, id=0):
    return "Hello, World!"


def build():
    app = Microdot()
    for path in PATHS:
        app.route(path)(handler)
    return app


gc.collect()
before = gc.mem_alloc()
app = build()
gc.collect()
middle = gc.mem_alloc()
second = build()
gc.collect()
after = gc.mem_alloc()
print(middle - before, after - middle)
