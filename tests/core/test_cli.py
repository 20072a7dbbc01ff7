"""python -m microdot run | routes | plugins."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

APP = """
from microdot import Microdot

app = Microdot()
other = Microdot()

class Plugin:
    name = "mine"
    def microdot_startup(self, app):
        pass

app.use(Plugin())

@app.get("/")
async def index(request):
    return "from the command line"

@app.route("/users/<int:id>", methods=["PUT", "DELETE"])
async def user(request, id):
    return {}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "hello.py").write_text(APP)
    return tmp_path


def microdot(folder, *arguments, **variables):
    return subprocess.run(
        [sys.executable, "-m", "microdot", *arguments],
        cwd=folder,
        env=dict(os.environ, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )


def test_routes(folder):
    done = microdot(folder, "routes", "hello:app")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines == [
        ["METHODS", "PATH", "HANDLER"],
        ["GET", "/", "hello.index"],
        ["PUT,DELETE", "/users/<int:id>", "hello.user"],
    ]


def test_routes_as_json(folder):
    routes = json.loads(microdot(folder, "routes", "hello.py", "--json").stdout)["routes"]
    assert routes[0] == {"methods": ["GET"], "path": "/", "handler": "hello.index"}


def test_plugins_as_json(folder):
    done = microdot(folder, "plugins", "hello:app", "--json", MICRODOT_AUTOLOAD="0")
    rows = json.loads(done.stdout)["plugins"]
    assert [row for row in rows if row["name"] == "mine"] == [
        {
            "name": "mine",
            "distribution": None,
            "version": None,
            "autoload": False,
            "state": "active",
            "order": 0,
            "hooks": ["microdot_startup"],
            "error": None,
        }
    ]


def test_plugins_as_a_table(folder):
    done = microdot(folder, "plugins", "hello:app")
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].split() == [
        "NAME", "DISTRIBUTION", "VERSION", "STATE", "ORDER", "HOOKS",
    ]  # fmt: skip
    assert "mine" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["routes", "nothing:app"], "no module 'nothing'"),
        (["routes", "hello:application"], "it has: app, other"),
        (["run", "hello:app", "--ssl-key", "x"], "--ssl-key needs --ssl-cert"),
        (
            ["run", "hello:app", "--ssl-cert", "missing.pem"],
            "certificate missing.pem cannot be read",
        ),
        (["start"], "invalid choice"),
        ([], "COMMAND"),
    ],
)
def test_wrong_use_is_explained(folder, arguments, message):
    done = microdot(folder, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_run(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "microdot", "run", "hello:app", "--port", str(port)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout.readline() == (
            "Serving on http://127.0.0.1:%d (Ctrl-C ends it)\n" % port
        )
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", port)) as client:
                    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                    data = b""
                    while piece := client.recv(1000):
                        data += piece
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        assert data.endswith(b"from the command line")
        second = microdot(folder, "run", "hello:app", "--port", str(port))
        assert second.returncode == 1
        assert "cannot listen at 127.0.0.1 port %d" % port in second.stderr
    finally:
        process.send_signal(signal.SIGINT)
        output = process.communicate(timeout=10)[0]
    assert process.returncode == 0
    assert output == ""


@pytest.mark.parametrize(
    ("name", "code"),
    [("hello:create_app()", 0), ("hello.py:other", 0), ("hello", 0), ("hello:create_app", 2)],
)
def test_forms_of_the_name(folder, name, code):
    with open(folder / "hello.py", "a") as file:
        file.write("\ndef create_app():\n    return app\n")
    assert microdot(folder, "routes", name).returncode == code


def test_commands_of_other_distributions(folder):
    info = folder / "more-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: more\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(
        "[microdot.commands]\ngreet = more:greet\nbroken = more:nothing\nrun = more:run\n"
    )
    (folder / "more.py").write_text(
        '''
from microdot.cpython.loading import CommandError

def greet(parser):
    """Say hello to somebody.

    And more.
    """
    parser.add_argument("name")
    parser.set_defaults(function=command_greet)

def command_greet(options):
    if options.name == "nobody":
        raise CommandError("there is nobody to greet; name somebody", 3)
    print("hello", options.name)

def run(parser):
    parser.add_argument("--shout", action="store_true", help="be loud")
'''
    )
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    variables = {"PYTHONPATH": os.pathsep.join(paths)}
    done = microdot(folder, "greet", "you", **variables)
    assert (done.returncode, done.stdout) == (0, "hello you\n")
    # One that is broken takes no other away.
    assert done.stderr.startswith("microdot: the command 'broken' of more 1.2 is left out: ")
    assert done.stderr.count("\n") == 1
    done = microdot(folder, "greet", "nobody", **variables)
    assert done.returncode == 3
    assert "microdot: there is nobody to greet; name somebody\n" in done.stderr
    assert "say hello to somebody" in microdot(folder, "--help", **variables).stdout
    # A command that is there is extended.
    text = microdot(folder, "run", "--help", **variables).stdout
    assert "--shout" in text and "--host" in text
