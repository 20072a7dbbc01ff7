"""Pages of Jinja for the tests: jinja_app.py PORT."""

import asyncio
import sys

from jinja2 import DictLoader
from microdot import Microdot
from microdot.jinja import Jinja, Template

PAGE = "<h1>{{ text }}</h1>"
ROWS = "{% for number in numbers %}<li>{{ number }}</li>{% endfor %}"

app = Microdot(autoload=False)
app.use(Jinja(loader=DictLoader({"page.html": PAGE})))
streams = Microdot(autoload=False)
streams.use(Jinja(enable_async=True, loader=DictLoader({"rows.html": ROWS})))
state = {"closed": 0}


@app.get("/")
async def index(request):
    return state


@app.get("/render")
async def render(request):
    return Template("page.html").render(text=request.args["text"]), {"Content-Type": "text/html"}


@app.get("/generate")
def generate(request):
    return Template("page.html").generate(text=request.args["text"])


async def count(length):
    try:
        for number in range(length):
            yield number
            await asyncio.sleep(0.05)
    finally:
        state["closed"] += 1


@streams.get("/<int:length>")
async def rows(request, length):
    return Template("rows.html").generate_async(numbers=count(length))


app.mount(streams, "/rows", local=True)
app.run(host="127.0.0.1", port=int(sys.argv[1]))
