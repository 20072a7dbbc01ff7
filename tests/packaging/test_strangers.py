"""Plugins of third parties: real wheels in a clean environment, sound ones and faulty ones."""

import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import venv

import pytest
from conftest import composed_tree, micropython_command

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRANGERS = ROOT / "tests/strangers"
FAULTY = {
    "broken": ("microdot-broken", "2.0.5", "a_library_that_only_its_author_has"),
    "egg": ("microdot-egg", "3.0.4", "'hen'"),
    "hen": ("microdot-hen", "1.1.3", "'egg'"),
    "misspelt": ("microdot-misspelt", "0.9.7", "did you mean microdot_request"),
}

INSTALLED_APP = """
from microdot import Microdot

app = Microdot()
app.use("greeting", word="Ahoy")


@app.get("/")
async def index(request):
    return "served"


@app.get("/loaded")
async def loaded(request):
    import sys

    return sorted(name for name in sys.modules if name.startswith("microdot_"))
"""

#: The same plugins on a platform that has no entry points.
BOARD_APP = """
import sys

from microdot import Microdot
from microdot_greeting import Greeting
from microdot_visitor import Visitor

app = Microdot()
app.use(Visitor())
app.use(Greeting("Ahoy"))


@app.get("/")
async def index(request):
    return "served"


app.run(host="127.0.0.1", port=int(sys.argv[1]))
"""


class Environment:
    """A clean virtual environment with core and the strangers, all installed from wheels."""

    def __init__(self, folder):
        wheels = folder / "wheels"
        projects = [ROOT / "microdot-core", *sorted(STRANGERS.glob("microdot-*"))]
        pip = ["-m", "pip", "--disable-pip-version-check", "-q"]
        build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, *projects]
        check(sys.executable, *pip, *build)
        venv.create(folder / "venv", with_pip=True)
        self.python = folder / "venv/bin/python"
        check(self.python, *pip, "install", *sorted(wheels.glob("*.whl")))
        self.folder = folder / "application"
        self.folder.mkdir()
        (self.folder / "app.py").write_text(INSTALLED_APP)

    def run(self, *words, **variables):
        """Run its interpreter in the folder of the application."""
        return subprocess.run(
            [str(word) for word in (self.python, *words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=clean_environment(variables),
            timeout=60,
        )

    def report(self, *words, **variables):
        """Return the exit status and the rows, by name, of the list of plugins."""
        done = self.run("-m", "microdot", "plugins", *words, "--json", **variables)
        assert done.stdout, done.stderr
        rows = json.loads(done.stdout)["plugins"]
        return done.returncode, {row["name"]: row for row in rows}


def clean_environment(variables):
    """Return the variables of a process that finds nothing of the checkout by chance."""
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH",)}
    env.update(variables)
    return env


def check(*words):
    """Run a command that has to succeed."""
    done = subprocess.run(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, done.stdout


@contextlib.contextmanager
def serving(command, folder, log, **variables):
    """Serve an application in a process; give a function that gets a path from it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [str(word).replace("PORT", str(port)) for word in command]
    env = clean_environment(variables)
    with open(log, "w") as output:
        process = subprocess.Popen(
            words, cwd=folder, env=env, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)

        def get(path):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with contextlib.closing(connection):
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.headers, response.read()

        yield get
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The environment that all tests of this file look at."""
    return Environment(tmp_path_factory.mktemp("strangers"))


@pytest.fixture(scope="module")
def served(environment):
    """What the application answers among faulty plugins, and what its process printed."""
    log = environment.folder / "log"
    command = [environment.python, "-m", "microdot", "run", "app:app", "--port", "PORT"]
    with serving(command, environment.folder, log) as get:
        answers = [get(path) for path in ("/", "/greeting/captain", "/loaded")]
    return answers, log.read_text()


def test_an_application_serves_among_faulty_plugins(served):
    status, _, body = served[0][0]
    assert (status, body) == (200, b"served")


def test_an_installed_plugin_takes_part_by_itself(served):
    visits = [headers["X-Visits"] for _, headers, _ in served[0]]
    assert visits == ["1", "2", "3"]


def test_a_plugin_used_by_name_gets_its_options(served):
    status, headers, body = served[0][1]
    assert (status, headers["X-Greeting"], body) == (200, "Ahoy", b"Ahoy, captain!")


def test_faulty_plugins_leave_no_trace_in_responses(served):
    for _, headers, _ in served[0]:
        assert not {"X-Hen", "X-Egg"} & set(headers)


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_a_faulty_plugin_is_reported_once_with_its_distribution(name, served):
    distribution, version, reason = FAULTY[name]
    lines = [line for line in served[1].splitlines() if f"{distribution} {version}" in line]
    assert len(lines) == 1, served[1]
    assert reason in lines[0]


def test_a_faulty_plugin_prints_no_traceback(served):
    assert "Traceback" not in served[1]


@pytest.mark.parametrize("name", sorted(FAULTY))
def test_the_list_names_what_is_wrong_with_which_version(name, environment):
    status, rows = environment.report("app:app")
    assert status == 1
    distribution, version, reason = FAULTY[name]
    row = rows[name]
    assert (row["state"], row["order"]) == ("failed", None)
    assert (row["distribution"], row["version"]) == (distribution, version)
    assert reason in row["error"]


def test_the_list_shows_sound_plugins_in_order(environment):
    rows = environment.report("app:app")[1]
    assert {name for name in rows if rows[name]["state"] == "active"} == {"visitor", "greeting"}
    visitor, greeting = rows["visitor"], rows["greeting"]
    assert (visitor["order"], greeting["order"]) == (0, 1)
    assert (visitor["distribution"], visitor["version"]) == ("microdot-visitor", "1.4.2")
    assert visitor["hooks"] == ["microdot_request", "microdot_response"]
    assert (greeting["distribution"], greeting["version"]) == ("microdot-greeting", "0.3.1")
    assert greeting["hooks"] == ["microdot_setup", "microdot_response"]


def test_the_list_without_an_application_imports_nothing(environment):
    status, rows = environment.report()
    assert status == 0
    assert sorted(rows) == ["broken", "egg", "greeting", "hen", "misspelt", "visitor"]
    assert {row["state"] for row in rows.values()} == {"available"}


def test_a_plugin_that_is_not_used_is_not_imported(environment):
    code = (
        "import sys\nfrom microdot import Microdot\napp = Microdot()\napp.plugins\n"
        "print([m for m in ('microdot_visitor', 'microdot_greeting') if m in sys.modules])"
    )
    assert environment.run("-c", code).stdout == "['microdot_visitor']\n"


def test_autoload_can_be_refused_by_an_application(environment):
    code = "from microdot import Microdot\nprint(sorted(Microdot(autoload=False).plugins))"
    done = environment.run("-W", "error", "-c", code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_autoload_can_be_refused_by_the_environment(environment):
    status, rows = environment.report("app:app", MICRODOT_AUTOLOAD="0")
    assert status == 0
    assert {name for name in rows if rows[name]["state"] == "active"} == {"greeting"}


def test_plugins_can_be_disabled_by_the_environment(environment):
    names = ",".join(sorted(FAULTY))
    status, rows = environment.report("app:app", MICRODOT_DISABLE_PLUGINS=names)
    assert status == 0
    assert {name for name in rows if rows[name]["state"] == "disabled"} == set(FAULTY)
    assert rows["visitor"]["state"] == "active"


def test_one_half_of_a_cycle_misses_the_other(environment):
    rows = environment.report("app:app", MICRODOT_DISABLE_PLUGINS="egg")[1]
    assert rows["hen"]["state"] == "failed"
    assert "requires plugin 'egg'" in rows["hen"]["error"]


def test_strict_mode_refuses_to_serve_with_a_faulty_plugin(environment):
    done = environment.run("-m", "microdot", "run", "app:app", "--port", "0", MICRODOT_STRICT="1")
    assert done.returncode == 2
    assert "microdot-broken 2.0.5" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_faulty_plugin_that_is_asked_for_is_an_error(environment):
    done = environment.run(
        "-c", "from microdot import Microdot\nMicrodot(autoload=False).use('broken')"
    )
    assert done.returncode == 1
    assert "plugin 'broken' of microdot-broken 2.0.5 cannot be imported" in done.stderr


def test_a_name_almost_right_is_suggested(environment):
    done = environment.run(
        "-c", "from microdot import Microdot\nMicrodot(autoload=False).use('greetings')"
    )
    assert "did you mean 'greeting'?" in done.stderr


def test_removing_a_faulty_distribution_clears_the_list(environment, tmp_path):
    # In a copy of the environment's metadata: the other tests still need the distribution.
    code = (
        "import pathlib, shutil, sys, sysconfig\n"
        "source = pathlib.Path(sysconfig.get_path('purelib'))\n"
        "names = ('microdot', 'pluggy', 'importlib_metadata', 'zipp')\n"
        "for path in source.iterdir():\n"
        "    if path.name.startswith(names) and 'broken' not in path.name:\n"
        "        copy = shutil.copytree if path.is_dir() else shutil.copyfile\n"
        "        copy(path, pathlib.Path(sys.argv[1]) / path.name)\n"
    )
    done = environment.run("-c", code, tmp_path)
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [sys.executable, "-S", "-m", "microdot", "plugins", "--json"],
        env=clean_environment({"PYTHONPATH": str(tmp_path)}),
        cwd=environment.folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    names = [row["name"] for row in json.loads(done.stdout)["plugins"]]
    assert names == ["egg", "greeting", "hen", "misspelt", "visitor"]


def test_a_foreign_distribution_of_the_same_package_is_named(environment, tmp_path):
    info = tmp_path / "microdot-2.3.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: microdot\nVersion: 2.3.1\n")
    done = environment.run("-m", "microdot", "plugins", "app:app", PYTHONPATH=str(tmp_path))
    lines = [line for line in done.stderr.splitlines() if "'microdot' (2.3.1)" in line]
    assert len(lines) == 1, done.stderr
    assert "Uninstall it" in lines[0]


@pytest.fixture
def board(tmp_path):
    """A folder with the strangers' source files, and the module path of a board."""
    for name in ("visitor", "greeting", "misspelt"):
        module = f"microdot_{name}.py"
        (tmp_path / module).write_text((STRANGERS / f"microdot-{name}" / module).read_text())
    (tmp_path / "main.py").write_text(BOARD_APP)
    return tmp_path, f"{tmp_path}:{composed_tree()}:.frozen"


@pytest.mark.parametrize("words", ["32", "64"])
def test_the_same_files_serve_on_micropython(words, board):
    folder, path = board
    command = [micropython_command(words), "main.py", "PORT"]
    with serving(command, folder, folder / "log", MICROPYPATH=path) as get:
        status, headers, body = get("/")
        assert (status, headers["X-Visits"], body) == (200, "1", b"served")
        status, headers, body = get("/greeting/captain")
        assert (status, headers["X-Visits"], body) == (200, "2", b"Ahoy, captain!")
        assert headers["X-Greeting"] == "Ahoy"


def test_micropython_refuses_the_misspelt_hook_too(board, micropython):
    folder, _ = board
    done = micropython(
        "-c",
        "import sys; sys.path.insert(0, %r)\n"
        "from microdot import Microdot\n"
        "from microdot_misspelt import Misspelt\n"
        "Microdot().use(Misspelt())" % str(folder),
    )
    assert done.returncode == 1
    assert "unknown hook microdot_reqest; did you mean microdot_request?" in done.stdout
