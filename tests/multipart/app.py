"""The application of the black-box tests; runs on CPython and MicroPython."""

import gc
import os
import sys

from microdot import Microdot
from microdot.multipart import FormDataIter, Multipart, with_form_data

app = Microdot(max_content_length=20000000, body_timeout=2, grace_period=0.5)
plugin = app.use(Multipart(temp_folder=sys.argv[2], max_memory_size=1000, max_parts=10))


@app.get("/")
async def index(request):
    return "hello"


@app.get("/files")
async def files(request):
    found = []
    for name in os.listdir(sys.argv[2]):
        found += os.listdir(sys.argv[2] + "/" + name)
    return {"files": found}


@app.post("/form")
@with_form_data
async def form(request):
    if request.form is None:
        return {"form": None}
    sizes = {}
    for name in request.files:
        sizes[name] = 0
        while True:
            data = await request.files[name].read(500)
            if not data:
                break
            sizes[name] += len(data)
    return {"form": dict(request.form), "files": sizes}


@app.post("/skip")
async def skip(request):
    if hasattr(gc, "mem_alloc"):
        gc.collect()
        start = most = gc.mem_alloc()
    else:
        start = most = 0
    size = 0
    async for _, upload in FormDataIter(request):
        while True:
            data = await upload.read(200)
            if not data:
                break
            size += len(data)
            if start and size % 100000 < 200:
                gc.collect()
                most = max(most, gc.mem_alloc())
    return {"size": size, "memory": most - start}


@app.post("/save")
async def save(request):
    path = sys.argv[2] + "-saved"
    try:
        async for _, upload in FormDataIter(request):
            await upload.save(path)
        return {"size": os.stat(path)[6]}
    finally:
        os.remove(path)


app.run(host="127.0.0.1", port=int(sys.argv[1]))
