# The application of the smallest-heap figures. Run by memory.py on MicroPython.
import sys

from microdot import Microdot

app = Microdot()


@app.get("/")
async def index(request):
    return "Hello, World!"


app.run(host="127.0.0.1", port=int(sys.argv[1]))
