"""An upload for memory.py: upload_app PORT."""

import sys

from microdot import Microdot
from microdot.multipart import FormDataIter

app = Microdot(max_content_length=1 << 20)


@app.post("/")
async def upload(request):
    """Count the bytes of the files."""
    size = 0
    async for _, file in FormDataIter(request):
        data = await file.read(256)
        while data:
            size += len(data)
            data = await file.read(256)
    return str(size)


app.run(host="127.0.0.1", port=int(sys.argv[1]))
