"""CORS and CSRF for the tests, served by CPython or MicroPython: app.py PORT."""

import re
import sys

from microdot import Microdot
from microdot.cors import CORS
from microdot.csrf import CSRF

app = Microdot(autoload=False)
cors = app.use(
    CORS(
        allowed_origins=["https://example.com", re.compile("https://([a-z]+[.])+example[.]org")],
        allow_credentials=True,
        allowed_methods=["POST", "PUT"],
        allowed_headers=["X-Test", "X-CSRF-Token"],
        max_age=60,
        strict=True,
    )
)
csrf = app.use(CSRF(cors=cors, secret_key="a secret of this test"))


@app.get("/")
async def index(request):
    return "hello"


@app.post("/")
async def change(request):
    return "changed"


@app.get("/open")
@cors.override(allowed_origins="*", allow_credentials=False)
async def open_to_all(request):
    return "open"


@app.get("/token")
async def token(request):
    return csrf.token(request)


@app.post("/hook")
@csrf.exempt
async def hook(request):
    return "exempt"


app.run("127.0.0.1", int(sys.argv[1]))
