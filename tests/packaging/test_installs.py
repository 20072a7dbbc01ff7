"""Installations other than wheels in one environment: editable, split over folders, zipped."""

import os
import pathlib
import subprocess
import sys
import threading
import venv
import zipfile

import manifest
import mip_server
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = "from microdot import Microdot; import microdot.{0}; print(microdot.{0}.NAME)"


def run(*arguments, **environment):
    done = subprocess.run(
        [str(word) for word in arguments],
        env=dict(os.environ, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT / "build",
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def extension(tmp_path):
    """A distribution that adds the module microdot.probe, as a source folder."""
    project = tmp_path / "microdot-probe"
    package = project / "src/microdot"
    package.mkdir(parents=True)
    (package / "probe.py").write_text("NAME = 'probe 1'\n")
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "microdot-probe"\nversion = "1"\n'
        'dependencies = ["microdot-core>=1.0,<2"]\n'
        '[tool.hatch.build.targets.wheel]\npackages = ["src/microdot"]\n'
    )
    return project


@pytest.fixture
def python(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    return tmp_path / "venv/bin/python"


PIP = ("-m", "pip", "--disable-pip-version-check", "-q")


def test_editable_installs_see_each_other(extension, python):
    run(python, *PIP, "install", "-e", ROOT / "microdot-core", "-e", extension)
    assert run(python, "-c", PROBE.format("probe")) == "probe 1\n"


def test_core_as_a_wheel_and_an_extension_editable(extension, python):
    run(python, *PIP, "install", ROOT / "microdot-core")
    run(python, *PIP, "install", "-e", extension)
    assert run(python, "-c", PROBE.format("probe")) == "probe 1\n"


def test_upgrade_and_removal_leave_core_intact(extension, python):
    run(python, *PIP, "install", ROOT / "microdot-core", extension)
    (extension / "src/microdot/probe.py").write_text("NAME = 'probe 2'\n")
    text = (extension / "pyproject.toml").read_text()
    (extension / "pyproject.toml").write_text(text.replace('"1"', '"2"', 1))
    run(python, *PIP, "install", extension)
    assert run(python, "-c", PROBE.format("probe")) == "probe 2\n"
    run(python, *PIP, "uninstall", "-y", "microdot-probe")
    run(python, "-c", "from microdot import Microdot; import microdot.server")


def test_parts_in_different_folders_in_any_order(extension):
    core, other = ROOT / "microdot-core/src", extension / "src"
    for path in ((core, other), (other, core)):
        environment = {"PYTHONPATH": os.pathsep.join(map(str, path))}
        assert run(sys.executable, "-c", PROBE.format("probe"), **environment) == "probe 1\n"


def test_parts_in_zip_files(extension, tmp_path):
    archives = []
    for source in (ROOT / "microdot-core/src", extension / "src"):
        archive = tmp_path / (source.parent.name + ".zip")
        with zipfile.ZipFile(archive, "w") as file:
            # Folders, too: without an entry of its own one is no package in a zip file.
            for path in sorted(source.rglob("*")):
                file.write(path, path.relative_to(source))
        archives.append(str(archive))
    environment = {"PYTHONPATH": os.pathsep.join(archives)}
    assert run(sys.executable, "-c", PROBE.format("probe"), **environment) == "probe 1\n"


def test_core_in_the_user_folder_and_an_extension_in_an_environment(extension, tmp_path):
    builder = venv.EnvBuilder(system_site_packages=True, with_pip=True)
    builder.create(tmp_path / "venv")
    python, user = tmp_path / "venv/bin/python", {"PYTHONUSERBASE": str(tmp_path / "user")}
    run(python, *PIP, "install", "--user", ROOT / "microdot-core", **user)
    run(python, *PIP, "install", extension, **user)
    where = "import microdot; print(microdot.__file__, microdot.__path__)"
    first, _, folders = run(python, "-c", where, **user).partition(" ")
    assert first.startswith(str(tmp_path / "user"))
    assert str(tmp_path / "venv") in folders
    assert run(python, "-c", PROBE.format("probe"), **user) == "probe 1\n"


def test_removal_of_an_editable_install_leaves_core_intact(extension, python):
    run(python, *PIP, "install", "-e", ROOT / "microdot-core", "-e", extension)
    run(python, *PIP, "uninstall", "-y", "microdot-probe")
    run(python, "-c", "from microdot import Microdot; import microdot.server")
    with pytest.raises(AssertionError, match="microdot.probe"):
        run(python, "-c", PROBE.format("probe"))


def mip_install(micropython, board, *names):
    """Install distributions of the checkout on a board; return its files."""
    server = mip_server.serve(ROOT, 0, "github:microdot")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        for name in names:
            address = "http://127.0.0.1:%d/%s" % (server.server_address[1], name)
            done = micropython("-c", f"import mip; mip.install({address!r}, target={str(board)!r})")
            assert done.returncode == 0, done.stdout
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    installed = {path.relative_to(board).as_posix() for path in board.rglob("*.py")}
    assert installed == {path for name in names for path in manifest.portable(ROOT / name)}


def test_mip_installs_core_from_the_checkout(micropython, tmp_path):
    board = tmp_path / "board"
    mip_install(micropython, board, "microdot-core")

    # Nothing but what is on the board: the application finds all it needs there.
    (board / "main.py").write_text(
        "import asyncio\n"
        "from microdot import Microdot\n"
        "from microdot.test_client import TestClient\n"
        "app = Microdot()\n"
        "@app.post('/<int:n>')\n"
        "async def index(request, n):\n"
        "    return {'sum': n + request.json['n']}\n"
        "async def main():\n"
        "    response = await TestClient(app).post('/40', body={'n': 2})\n"
        "    print(response.status_code, response.json)\n"
        "asyncio.run(main())\n"
    )
    done = micropython(str(board / "main.py"), path=f"{board}:.frozen")
    assert done.stdout == "200 {'sum': 42}\n"


def test_mip_installs_templates_beside_core(micropython, utemplate, tmp_path):
    board = tmp_path / "board"
    mip_install(micropython, board, "microdot-core", "microdot-templates")
    (board / "page.html").write_text("{% args name %}\n<p>{{ name }}")
    (board / "main.py").write_text(
        "import asyncio\n"
        "from microdot import Microdot\n"
        "from microdot.test_client import TestClient\n"
        "from microdot.utemplate import EscapingLoader, Template, UTemplate\n"
        "app = Microdot()\n"
        f"app.use(UTemplate({str(board)!r}, loader_class=EscapingLoader))\n"
        "@app.get('/<name>')\n"
        "async def index(request, name):\n"
        "    return Template('page.html').render(name)\n"
        "print(asyncio.run(TestClient(app).get('/<')).text)\n"
    )
    done = micropython(str(board / "main.py"), path=f"{board}:{utemplate}:.frozen")
    assert done.stdout == "<p>&lt;\n"
    # What is compiled needs no compiler.
    (board / "page.html").unlink()
    done = micropython(str(board / "main.py"), path=f"{board}:.frozen")
    assert done.stdout == "<p>&lt;\n"
    (board / "page_html.py").unlink()
    (board / "page.html").write_text("new")
    done = micropython(str(board / "main.py"), path=f"{board}:.frozen")
    assert "ImportError: microdot.utemplate needs the package utemplate" in done.stdout


def test_mip_installs_the_extensions_beside_core(micropython, tmp_path):
    board = tmp_path / "board"
    names = ["microdot-" + name for name in ("core", "multipart", "websocket", "sse", "cors")]
    mip_install(micropython, board, *names)
    (board / "main.py").write_text(
        "import asyncio\n"
        "from microdot import Microdot\n"
        "from microdot.cors import CORS\n"
        "from microdot.csrf import CSRF\n"
        "from microdot.multipart import Multipart, with_form_data\n"
        "from microdot.sse import ServerSentEvents, with_sse\n"
        "from microdot.test_client import TestClient\n"
        "from microdot.websocket import WebSockets, with_websocket\n"
        "app = Microdot()\n"
        "for plugin in (Multipart, WebSockets, ServerSentEvents):\n"
        "    app.use(plugin())\n"
        "app.use(CSRF(cors=app.use(CORS(allowed_origins='https://a.b'))))\n"
        "@app.post('/form')\n"
        "@with_form_data\n"
        "async def form(request):\n"
        "    return request.form['name']\n"
        "@app.get('/ws')\n"
        "@with_websocket\n"
        "async def ws(request, ws):\n"
        "    await ws.send((await ws.receive()).upper())\n"
        "@app.get('/events')\n"
        "@with_sse\n"
        "async def events(request, sse):\n"
        "    await sse.send('event')\n"
        "def client():\n"
        "    print((yield 'socket'))\n"
        "async def main():\n"
        "    client_ = TestClient(app)\n"
        "    kind = {'Content-Type': 'multipart/form-data; boundary=b'}\n"
        "    body = '--b\\r\\nContent-Disposition: form-data; name=\"name\"\\r\\n\\r\\nform\\r\\n--b--\\r\\n'\n"
        "    print((await client_.post('/form', headers=kind, body=body)).text)\n"
        "    await client_.websocket('/ws', client)\n"
        "    print((await client_.get('/events')).events[0]['data'])\n"
        "    fields = {'Origin': 'https://a.b'}\n"
        "    response = await client_.post('/missing', headers=fields)\n"
        "    print(response.status_code, response.headers['Access-Control-Allow-Origin'])\n"
        "asyncio.run(main())\n"
    )
    done = micropython(str(board / "main.py"), path=f"{board}:.frozen")
    assert done.stdout == "form\nSOCKET\nb'event'\n404 https://a.b\n"
