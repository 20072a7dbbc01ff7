"""microdot run | doctor of microdot-servers, and commands that others add: the real script."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time
from importlib.util import find_spec

import microdot as microdot_package
import pytest

APP = """
import asyncio
from microdot import Microdot

app = Microdot(autoload=False)

@app.get("/")
async def index(request):
    return "from %s" % request.scheme

@app.get("/pieces")
async def pieces(request):
    return iter(["a", "b"])

def create_app():
    return app

def create_nothing():
    return None
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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Unix(http.client.HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def get(make, path="/"):
    connection = make()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Running:
    """``microdot run`` in a process of its own.

    :param make: makes a connection to it.
    """

    def __init__(self, folder, *options, app="hello:app", port=None, make=None, wait=True):
        self.port = port = port or free_port()
        self.make = make or (lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=10))
        self.path = folder / "log"
        self._log = open(self.path, "w")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "microdot", "run", app, "--port", str(port), *options],
            cwd=folder,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=dict(os.environ, PYTHONUNBUFFERED="1"),
        )
        if wait:
            try:
                self.wait_for(lambda: self.get()[0] == 200)
            except AssertionError:
                self.__exit__()
                raise

    def get(self, path="/"):
        return get(self.make, path)

    def wait_for(self, condition):
        for _ in range(300):
            with contextlib.suppress(OSError, http.client.HTTPException):
                if condition():
                    return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError("in vain; it printed: " + self.log())

    def log(self):
        return self.path.read_text()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(40)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._log.close()


# naming the application


@pytest.mark.parametrize(
    "name", ["hello:app", "hello", "hello.py", "hello.py:app", "hello:create_app()", "./hello.py"]
)
def test_forms_of_the_name(folder, name):
    done = microdot(folder, "routes", name)
    assert done.returncode == 0, done.stderr
    assert "hello.index" in done.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing:app", "there is no module 'nothing' here"),
        ("nothing.py", "there is no file 'nothing.py' here"),
        ("some/nothing", "there is no file 'some/nothing.py' here"),
        (
            "hello:create_app",
            "is a function; if it makes the application, write hello:create_app()",
        ),
        ("hello:create_nothing()", "returned no Microdot application, but None"),
        ("hello:nothing", "has no Microdot application called 'nothing'; it has: app"),
        (":app", "the name of the module is missing"),
    ],
)
@pytest.mark.parametrize("command", [["routes"], ["run"], ["run", "--server", "uvicorn"]])
def test_names_without_an_application(folder, command, name, message):
    done = microdot(folder, *command, name, "--port", str(free_port())) if command[0] == "run" else (
        microdot(folder, *command, name)
    )  # fmt: skip
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_application_that_fails_shows_its_traceback(folder):
    (folder / "hello.py").write_text("import json\n\n1 / 0\n")
    for more in [], ["--server", "uvicorn"]:
        done = microdot(folder, "run", "hello:app", *more)
        assert done.returncode == 1
        assert "ZeroDivisionError" in done.stderr
        assert 'hello.py", line 3' in done.stderr


# wrong use


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "2"], "use --server uvicorn or --server granian or --server gunicorn"),
        (["--workers", "2", "--server", "waitress"], "waitress does not"),
        (["--workers", "0"], "'0' is no number of processes, 1 or more"),
        (["--port", "http"], "'http' is no port, a number from 0 to 65535"),
        (["--port", "70000"], "is no port"),
        (["--server", "apache"], "invalid choice: 'apache'"),
        (["--server", "uvicorn", "--interface", "wsgi"], "leave --interface out"),
        (["--server", "waitress", "--ssl-cert", "x"], "waitress knows no TLS"),
        (["--server", "uvicorn", "--ssl-key", "x"], "--ssl-key needs --ssl-cert"),
        (["--server", "uvicorn", "--ssl-cert", "x"], "the certificate x cannot be read"),
        (["--reload-dir", "."], "--reload-dir needs --reload"),
        (["--reload", "--reload-dir", "nowhere"], "there is no such folder"),
        (["--reload", "--workers", "2", "--server", "uvicorn"], "leave --workers out"),
        (["--access-log=xml"], "invalid choice: 'xml'"),
        (["--log-level", "loud"], "invalid choice: 'loud'"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_wrong_use_is_explained(folder, options, message):
    done = microdot(folder, "run", "hello:app", *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def without(folder, *modules):
    """Return environment variables for an interpreter that does not find some modules."""
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name in %r:\n"
        "            raise ModuleNotFoundError('No module named %%r' %% name, name=name)\n"
        "import importlib.util\n"
        "real = importlib.util.find_spec\n"
        "def find_spec(name, package=None):\n"
        "    return None if name in %r else real(name, package)\n"
        "importlib.util.find_spec = find_spec\n"
        "sys.meta_path.insert(0, Finder())\n" % (modules, modules)
    )
    paths = [str(hook), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}


@pytest.mark.parametrize("server", ["uvicorn", "granian", "hypercorn", "gunicorn", "waitress"])
def test_a_missing_server_says_what_to_install(folder, server):
    done = microdot(folder, "run", "hello:app", "--server", server, **without(folder, server))
    assert done.returncode == 2
    assert done.stderr == (
        "microdot: --server %s needs %s; install it: pip install 'microdot-servers[%s]'\n"
        % (server, server, server)
    )


def test_reload_without_its_library_says_what_to_install(folder):
    done = microdot(folder, "run", "hello:app", "--reload", **without(folder, "watchfiles"))
    assert done.returncode == 2
    assert "pip install 'microdot-servers[reload]'" in done.stderr


def test_without_microdot_servers_its_options_say_what_to_install(folder):
    code = (
        "import sys; from microdot.cpython import cli, discovery\n"
        "discovery.commands = lambda: []\n"
        "sys.exit(cli.main(['run', 'hello:app', '--server', 'uvicorn']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 2
    assert "--server uvicorn" in done.stderr
    assert "pip install microdot-servers" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_names_every_option(folder):
    text = microdot(folder, "run", "--help").stdout
    for option in (
        "--host --port --reload --workers --server --ssl-cert --ssl-key --uds --log-level "
        "--access-log --debug --interface --reload-dir"
    ).split():
        assert option in text
    assert "doctor" in microdot(folder, "--help").stdout


# the built-in server


def test_exit_codes_and_messages_of_the_builtin_server(folder):
    for number in signal.SIGTERM, signal.SIGINT:
        with Running(folder) as running:
            assert running.get() == (200, "from http")
            second = microdot(folder, "run", "hello:app", "--port", str(running.port))
            assert second.returncode == 1
            assert second.stderr == (
                "microdot: cannot listen at 127.0.0.1 port %d: Address already in use\n"
                % running.port
            )
            assert second.stdout == ""
            assert running.end(number) == 0
            assert running.log() == (
                "Serving on http://127.0.0.1:%d (Ctrl-C ends it)\n" % running.port
            )


def test_a_host_that_is_not_here(folder):
    done = microdot(folder, "run", "hello:app", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert "cannot listen at 192.0.2.1 port 5000: " in done.stderr
    assert "Traceback" not in done.stderr


def test_access_log_as_text_and_as_json(folder):
    # The option stands before the name: it must not take that as its value.
    for words in ["--access-log"], ["--access-log=json"], ["--access-log", "json"]:
        port = free_port()
        command = [sys.executable, "-m", "microdot", "run", *words, "hello:app"]
        process = subprocess.Popen(
            [*command, "--port", str(port)], cwd=folder, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout.readline().startswith("Serving on ")
            make = lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=10)  # noqa: B023
            assert get(make, "/pieces?token=secret") == (200, "ab")
            line = process.stdout.readline()
        finally:
            process.terminate()
            process.communicate(timeout=10)
        assert "secret" not in line
        if words == ["--access-log"]:
            assert line.startswith("127.0.0.1 - - [")
            assert '"GET /pieces HTTP/1.1" 200 2 "-" "-" 0.' in line
        else:
            fields = json.loads(line)
            assert (fields["path"], fields["status"], fields["bytes"]) == ("/pieces", 200, 2)


def test_without_the_option_nothing_is_logged(folder):
    with Running(folder) as running:
        running.get()
        running.end()
        assert running.log().count("\n") == 1


def test_a_unix_socket(folder):
    path = str(folder / "s")
    with Running(folder, "--uds", path, make=lambda: Unix(path)) as running:
        assert running.get() == (200, "from http")
        second = microdot(folder, "run", "hello:app", "--uds", path)
        assert second.returncode == 1
        assert "another server is listening there" in second.stderr or "in use" in second.stderr
        assert running.get() == (200, "from http")
        assert running.end() == 0
        assert "Serving on unix:%s " % path in running.log()
    assert not os.path.exists(path)


def test_a_unix_socket_that_was_left_behind_is_replaced(folder):
    path = str(folder / "s")
    with socket.socket(socket.AF_UNIX) as old:
        old.bind(path)
    with Running(folder, "--uds", path, make=lambda: Unix(path)) as running:
        assert running.get() == (200, "from http")


def test_a_unix_socket_in_no_folder(folder):
    done = microdot(folder, "run", "hello:app", "--uds", "nowhere/s")
    assert done.returncode == 1
    assert "cannot listen at nowhere/s: No such file or directory" in done.stderr


@pytest.fixture
def certificate(folder):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    command += " -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), cwd=folder, check=True, stderr=subprocess.PIPE)
    return ["--ssl-cert", "cert.pem", "--ssl-key", "key.pem"]


def over_tls(folder, port):
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    return lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=context)


def test_tls(folder, certificate):
    port = free_port()
    make = over_tls(folder, port)
    with Running(folder, *certificate, port=port, make=make) as running:
        assert running.get() == (200, "from https")
        assert running.end() == 0
        assert running.log().startswith("Serving on https://127.0.0.1:%d " % port)


def test_reload(folder):
    with Running(folder, "--reload") as running:
        assert running.get() == (200, "from http")
        time.sleep(0.5)
        (folder / "hello.py").write_text(APP.replace("from %s", "anew from %s"))
        running.wait_for(lambda: running.get() == (200, "anew from http"))
        # A mistake is shown, and its correction starts the application again.
        (folder / "hello.py").write_text("mistake(")
        running.wait_for(lambda: "SyntaxError" in running.log())
        (folder / "hello.py").write_text(APP)
        running.wait_for(lambda: running.get() == (200, "from http"))
        assert "Changed: hello.py; starting anew" in running.log()
        assert running.end() == 0
        with pytest.raises(OSError):
            running.get()


def install(folder, name, version, files, entries="", more=""):
    """Lay out a distribution in the folder ``site``."""
    site = folder / "site"
    info = site / ("%s-%s.dist-info" % (name, version))
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: %s\nVersion: %s\n%s" % (name, version, more)
    )
    (info / "RECORD").write_text("".join("%s,,\n" % file for file in files))
    (info / "entry_points.txt").write_text(entries)
    for file in files:
        (site / file).parent.mkdir(exist_ok=True)
        (site / file).touch()


def beside(folder):
    """Return environment variables with which ``site`` is looked into, after our own package."""
    own = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    core = str(pathlib.Path(microdot_package.__file__).parents[1])
    return {"PYTHONPATH": os.pathsep.join([core, *own, str(folder / "site")])}


# what others add


def test_a_command_of_this_distribution_is_extended(folder):
    install(folder, "more", "1.2", ["more.py"], "[microdot.commands]\nrun = more:run\n")
    (folder / "site/more.py").write_text(
        "def run(parser):\n    parser.add_argument('--shout', action='store_true', help='be loud')\n"
    )
    text = microdot(folder, "run", "--help", **beside(folder)).stdout
    assert "--shout" in text and "--host" in text and "--server" in text


# other servers


def installed(*names):
    return [name for name in names if find_spec(name) is not None]


SERVERS = installed("uvicorn", "granian", "hypercorn", "gunicorn", "waitress")


def test_there_are_servers_to_test_with():
    assert SERVERS


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_serves_and_ends(folder, server):
    with Running(folder, "--server", server, "--access-log=json") as running:
        assert running.get() == (200, "from http")
        assert running.get("/pieces?token=secret") == (200, "ab")
        second = microdot(
            folder, "run", "hello:app", "--server", server, "--port", str(running.port)
        )
        assert second.returncode == 1
        assert "cannot listen at 127.0.0.1 port %d: " % running.port in second.stderr
        running.wait_for(lambda: '"/pieces"' in running.log())
        assert running.end() == 0, running.log()
        lines = [line for line in running.log().splitlines() if line.startswith("{")]
        fields = [json.loads(line) for line in lines if "/pieces" in line]
        assert [(entry["status"], entry["bytes"]) for entry in fields] == [(200, 2)]
        assert "secret" not in running.log()
        assert "Traceback" not in running.log()


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_believes_no_proxy_by_itself_and_hides_nothing(folder, server):
    (folder / "hello.py").write_text(
        APP.replace(
            '"from %s" % request.scheme',
            '"%s %s %s" % (request.scheme, request.client_addr[0],'
            ' request.headers.get("X-Forwarded-For"))',
        )
    )
    with Running(folder, "--server", server) as running:
        connection = running.make()
        headers = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
        connection.request("GET", "/", headers=headers)
        assert connection.getresponse().read() == b"http 127.0.0.1 192.0.2.7"
        connection.close()


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_at_a_unix_socket(folder, server):
    path = str(folder / "s")
    with Running(folder, "--server", server, "--uds", path, make=lambda: Unix(path)) as running:
        assert running.get() == (200, "from http")
        assert running.end() == 0, running.log()


@pytest.mark.parametrize("server", [name for name in SERVERS if name != "waitress"])
def test_a_server_with_tls(folder, certificate, server):
    port = free_port()
    make = over_tls(folder, port)
    with Running(folder, "--server", server, *certificate, port=port, make=make) as running:
        assert running.get() == (200, "from https")
        assert running.end(signal.SIGINT) == 0, running.log()


@pytest.mark.parametrize("server", [name for name in SERVERS if name in "uvicorn granian gunicorn"])
def test_a_server_with_workers(folder, server):
    (folder / "hello.py").write_text(
        APP.replace('"from %s" % request.scheme', "str(__import__('os').getpid())")
    )
    with Running(folder, "--server", server, "--workers", "2") as running:
        seen = set()

        def both():
            seen.add(running.get()[1])
            return len(seen) == 2

        running.wait_for(both)
        assert str(running.process.pid) not in seen
        assert running.end() == 0, running.log()


def with_asgi():
    """Tell whether gunicorn has a worker for ASGI."""
    if "gunicorn" not in SERVERS:
        return False
    from gunicorn.workers import SUPPORTED_WORKERS

    return "asgi" in SUPPORTED_WORKERS


@pytest.mark.parametrize(
    ("server", "interface"),
    [(name, "wsgi") for name in SERVERS if name in ("granian", "hypercorn")]
    + [("gunicorn", "asgi")] * with_asgi(),
)
def test_the_other_interface(folder, server, interface):
    with Running(folder, "--server", server, "--interface", interface) as running:
        assert running.get("/pieces") == (200, "ab")
        assert running.end() == 0, running.log()


@pytest.mark.parametrize("server", [name for name in SERVERS if name == "gunicorn"])
def test_a_gunicorn_without_asgi_says_so(folder, server):
    code = (
        "import sys, gunicorn.workers\n"
        "gunicorn.workers.SUPPORTED_WORKERS.pop('asgi', None)\n"
        "from microdot.cpython import cli\n"
        "sys.exit(cli.main(['run', 'hello:app', '--port', '%d', '--server', 'gunicorn', "
        "'--interface', 'asgi']))" % free_port()
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, stderr=subprocess.PIPE, text=True, timeout=30
    )
    assert done.returncode == 2
    assert "this gunicorn serves no ASGI; upgrade it, or use --server uvicorn" in done.stderr


# doctor


def test_doctor_lists_what_is_installed(folder):
    done = microdot(folder, "doctor", "hello:app")
    assert done.returncode == 0, done.stdout
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Python %d.%d" % sys.version_info[:2])
    words = [line.split() for line in lines]
    assert [word[1] for word in words if word[0] == "microdot-core"] == ["1.0.0"]
    assert lines[-1] == "0 problems"
    report = json.loads(microdot(folder, "doctor", "--json").stdout)
    assert report["problems"] == []
    assert {"distribution": "microdot-core", "version": "1.0.0"} in report["distributions"]
    assert set(report["servers"]) == {"uvicorn", "granian", "hypercorn", "gunicorn", "waitress"}


def test_doctor_names_the_distribution_of_a_missing_module(folder):
    (folder / "pages.py").write_text(
        "from microdot.session import Session\nfrom microdot import cors\nimport nowhere_to_be\n"
        "try:\n    import optional_thing\nexcept ImportError:\n    pass\n"
    )
    (folder / "hello.py").write_text("import pages\n" + APP)
    hidden = without(folder, "microdot.session", "microdot.cors")
    done = microdot(folder, "doctor", "hello:app", **hidden)
    assert done.returncode == 1
    assert "pages.py imports microdot.session, which is in microdot-session" in done.stdout
    assert "pip install microdot-session" in done.stdout
    assert "pages.py imports microdot.cors, which is in microdot-cors" in done.stdout
    assert "pages.py imports nowhere_to_be, which is not installed" in done.stdout
    assert "optional_thing" not in done.stdout
    assert done.stdout.count("problem: pages.py ") == 3
    assert "Traceback" not in done.stderr


def test_doctor_names_what_a_slice_needs(folder):
    (folder / "hello.py").write_text("from microdot import utemplate\n" + APP)
    done = microdot(folder, "doctor", "hello.py", **without(folder, "utemplate"))
    assert done.returncode == 1
    if find_spec("microdot.utemplate") is None:
        assert "which is in microdot-templates" in done.stdout
    else:
        assert "hello.py imports microdot.utemplate, which needs utemplate" in done.stdout


def test_doctor_finds_a_foreign_distribution_of_the_same_name(folder):
    install(folder, "microdot", "2.0.7", ["microdot/__init__.py", "microdot/microdot.py"])
    done = microdot(folder, "doctor", **beside(folder))
    assert done.returncode == 1
    assert "problem: microdot 2.0.7 owns microdot/__init__.py, which belongs to microdot-core" in (
        done.stdout
    )
    assert "pip uninstall microdot, then pip install --force-reinstall microdot-core" in done.stdout
    assert done.stdout.count("problem: ") == 1


def test_doctor_finds_two_strangers_that_own_one_file(folder):
    install(folder, "microdot-maps", "1.0", ["microdot/maps.py"])
    install(folder, "microdot-more-maps", "2.0", ["microdot/maps.py", "microdot/core.txt"])
    done = microdot(folder, "doctor", **beside(folder))
    assert (
        "problem: microdot-more-maps 2.0 owns microdot/maps.py, which belongs to microdot-maps\n"
        in done.stdout
    )
    assert done.stdout.endswith("1 problem\n")


def test_doctor_finds_a_requirement_that_is_not_there(folder):
    more = "Requires-Dist: microdot-core>=1.0\nRequires-Dist: not-there-at-all>=3\n"
    more += 'Requires-Dist: never; python_version < "3"\n'
    entries = "[microdot.commands]\nhello = json:loads\n"
    install(folder, "needy", "1.0", [], entries, more)
    done = microdot(folder, "doctor", **beside(folder))
    if find_spec("packaging") is not None:
        assert (
            "problem: needy 1.0 needs not-there-at-all>=3, and it is not installed\n"
            "    pip install 'not-there-at-all>=3'\n"
        ) in done.stdout
    assert "never" not in done.stdout


def test_doctor_finds_a_plugin_that_cannot_be_imported(folder):
    entries = "[microdot.autoload]\nbad = bad_plugin:Bad\n"
    install(folder, "bad", "0.3", ["bad_plugin.py"], entries)
    (folder / "site/bad_plugin.py").write_text("import what_is_not_there\n")
    done = microdot(folder, "doctor", **beside(folder))
    assert done.returncode == 1
    assert "the plugin 'bad' of bad 0.3 cannot be imported: ModuleNotFoundError: " in done.stdout
    assert done.stdout.endswith("1 problem\n")


def test_doctor_shows_an_application_that_fails(folder):
    (folder / "hello.py").write_text("1 / 0\n")
    done = microdot(folder, "doctor", "hello:app")
    assert done.returncode == 1
    assert "hello:app cannot be loaded: ZeroDivisionError: division by zero" in done.stdout
    done = microdot(folder, "doctor", "nothing:app")
    assert done.returncode == 2
    assert "there is no module 'nothing'" in done.stderr
