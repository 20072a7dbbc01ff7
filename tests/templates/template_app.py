"""Pages for the tests, served by CPython or MicroPython: template_app.py PORT FOLDER PATH.

FOLDER holds the templates, PATH is where utemplate is.
"""

import asyncio
import sys

FOLDER = sys.argv[2]
sys.path.append(sys.argv[3])

from microdot import Microdot  # noqa: E402
from microdot.utemplate import EscapingLoader, Template, UTemplate  # noqa: E402

app = Microdot(autoload=False)
app.use(UTemplate(FOLDER, loader_class=EscapingLoader))
other = Microdot(autoload=False)
other.use(UTemplate(FOLDER + "/other"))
HTML = {"Content-Type": "text/html"}


@app.get("/render")
async def render(request):
    return Template("page.html").render(request.args["text"]), HTML


@app.get("/generate")
async def generate(request):
    return Template("page.html").generate(request.args["text"]), HTML


@app.get("/generate-async")
async def generate_async(request):
    return Template("page.html").generate_async(request.args["text"]), HTML


@app.get("/render-async")
async def render_async(request):
    return await Template("page.html").render_async(request.args["text"]), HTML


@app.get("/plain")
def plain(request):
    return Template("page.html").render(request.args["text"]), HTML


@app.get("/list/<int:length>")
async def rows(request, length):
    return Template("list.html").generate(range(length)), HTML


@app.get("/any/<path:name>")
async def any_template(request, name):
    return Template(name).render(), HTML


@other.get("/render")
async def other_render(request):
    await asyncio.sleep(0.01)
    return Template("page.html").render(request.args["text"]), HTML


app.mount(other, "/other", local=True)
app.run(host="127.0.0.1", port=int(sys.argv[1]))
