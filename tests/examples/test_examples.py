"""Each example runs unchanged on CPython and MicroPython, and answers."""

import json
import pathlib
import re

import harness
import pytest
from harness import get, request

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(params=sorted(harness.PLATFORMS))
def serve(request, tmp_path, utemplate):
    """Return a function that serves an example, with its port changed."""
    running = []

    def start(name):
        source = (EXAMPLES / name).read_text()
        changed = tmp_path / "example.py"
        port = "port=int(__import__('sys').argv[1]), host='127.0.0.1'"
        changed.write_text(re.sub(r"port=5000, debug=True", port, source))
        app = EXAMPLES / name if "demo" in name else changed
        running.append(harness.PLATFORMS[request.param](app=app, path=[utemplate]))
        return running[-1]

    yield start
    for served in running:
        served.stop()


def test_hello(serve):
    assert serve("hello.py").ask(get("/")).body == b"Hello, world!"


def test_plugin(serve):
    assert serve("plugin.py").ask(get("/")).headers["server-timing"].startswith("total;dur=")


def test_api(serve):
    server = serve("api.py")
    reply = server.ask(get("/users/1"))
    assert json.loads(reply.body) == {"id": 1, "name": "Ada"}
    assert reply.headers["x-api-version"] == "1"
    kind = "application/json"
    reply = server.ask(request("POST", "/users/", body=b'{"name": "Alan"}', Content_Type=kind))
    assert (reply.status, reply.headers["location"]) == (201, "/users/3")
    reply = server.ask(request("POST", "/users/", body=b"{}", Content_Type=kind))
    assert (reply.status, json.loads(reply.body)) == (400, {"error": "a user needs a name"})
    assert server.ask(request("POST", "/users/", body=b"x", Content_Type="text/x")).status == 415
    assert json.loads(server.ask(get("/unknown")).body) == {"error": "not found"}


def test_demo(serve):
    server = serve("demo/app.py")
    page = server.ask(get("/"))
    assert page.headers["content-type"] == "text/html; charset=UTF-8"
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', page.body.decode()):
        assert server.ask(get(path)).status == (302 if path == "/account" else 200), path
    greeting = server.ask(get("/greeting/%3Cb%3EAda")).body.decode()
    assert '<h2 id="h-hello">Hello, &lt;b&gt;Ada!</h2>' in greeting
    assert "<li>you</li>\n      <li>&lt;b&gt;Ada</li>" in greeting
    assert json.loads(server.ask(get("/api/hello/Ada%20L.")).body)["greeting"] == "Hello, Ada L.!"
    assert json.loads(server.ask(get("/api/add/20/-5")).body) == {"sum": 15}
    kind = "application/x-www-form-urlencoded"
    reply = server.ask(request("POST", "/api/guests", body=b"name=Grace", Content_Type=kind))
    assert json.loads(reply.body) == {"guests": ["Grace"]}
    assert (
        server.ask(request("POST", "/api/guests", body=b"name=", Content_Type=kind)).status == 400
    )
    assert server.ask(get("/api/countdown")).body.endswith(b"1\nlift-off\n")
    assert server.ask(get("/api/fail")).status == 500
    assert json.loads(server.ask(get("/api/about")).body)["plugins"] == [
        "cors",
        "counter",
        "csrf",
        "multipart",
        "session",
        "sse",
        "utemplate",
        "websocket",
    ]
