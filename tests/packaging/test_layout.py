"""The layout of the monorepo: who owns what, what is portable, which way imports point."""

import ast
import pathlib
import re
import subprocess
import sys

import manifest
import pytest
import stage

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROJECTS = sorted(path.parent for path in ROOT.glob("microdot-*/pyproject.toml"))
CORE = ROOT / "microdot-core/src/microdot"
MODULES = sorted(
    path.relative_to(CORE.parent).with_suffix("").as_posix().replace("/", ".")
    for path in CORE.rglob("*.py")
    if path.name not in ("__main__.py", "__init__.py")
)
PORTABLE = [name for name in MODULES if ".cpython." not in name]


def test_there_are_nine_distributions():
    names = "auth core cors multipart servers session sse templates websocket"
    assert [path.name for path in PROJECTS] == ["microdot-" + name for name in names.split()]


def test_no_path_belongs_to_two_distributions():
    owners = [relative for relative, _ in stage.sources(ROOT)]
    assert owners
    assert len(owners) == len(set(owners))


def test_only_core_ships_py_typed():
    assert [path.parts[len(ROOT.parts)] for path in ROOT.glob("microdot-*/src/**/py.typed")] == [
        "microdot-core"
    ]


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_distribution_is_complete(project):
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "package.json", "pyproject.toml"):
        assert (project / name).stat().st_size > 20, name
    assert "## " + manifest.version(project) in (project / "CHANGELOG.md").read_text()


def test_the_manifests_list_exactly_the_portable_modules():
    done = subprocess.run(
        [sys.executable, "tools/manifest.py", "--check"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout == ""
    assert done.returncode == 0


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_alone(name):
    code = "import importlib; importlib.import_module(%r)" % name
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("name", PORTABLE)
def test_a_portable_module_imports_alone_on_micropython(name, micropython):
    done = micropython("-c", "import " + name, heap="96k")
    assert done.stdout == ""
    assert done.returncode == 0


def test_import_microdot_is_light():
    code = (
        "import sys, microdot\n"
        "heavy = {'pluggy', 'importlib.metadata', 'importlib_metadata', 'argparse', 'ssl',"
        " 'microdot.server', 'microdot.test_client', 'microdot.files', 'microdot.hooks'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "path", sorted(CORE.glob("*.py")), ids=lambda path: path.name
)
def test_a_portable_module_is_small(path):
    assert len(path.read_text().splitlines()) <= 320


@pytest.mark.parametrize("name", ["http11", "fields", "chunked", "targets", "phrases"])
def test_protocol_modules_do_no_io(name):
    tree = ast.parse((CORE / (name + ".py")).read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & {"asyncio", "socket", "time", "os"}


#: Module -> rank; imports at the top of a module go to lower ranks, or to _compat and its kin.
LAYERS = [
    "errors _compat _report _utf8 suggestions dates streams phrases",
    "fields datastructures cookies date_parser iterators test_events helpers",
    "targets http11 chunked urls",
    "request_extra response_extra routing patterns table application_extra plan",
    "request response",
    "results automatic body",
    "dispatch files handlers",
    "hooks mounting",
    "plugins framing takeover shutdown",
    "application connection",
    "server test_client microdot",
    "__init__ __main__",
]
RANKS = {name: rank for rank, layer in enumerate(LAYERS) for name in layer.split()}


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.name)
def test_imports_point_down(path):
    assert path.stem in RANKS, "give the module a layer in docs/architecture.md and here"
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            target = node.module.split(".")[0]
            if target != "cpython":
                assert RANKS[target] < RANKS[path.stem] or target.startswith("_"), target


def test_the_readme_opens_with_two_commands():
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    commands = [line.split("#")[0].strip() for line in blocks[0].strip().splitlines()]
    assert commands == ["python3 dev.py demo", "python3 dev.py test"]
