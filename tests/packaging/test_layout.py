"""The layout of the monorepo: who owns what, what is portable, which way imports point."""

import ast
import os
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


def module_name(path):
    """Return the dotted name of a module from its path below src."""
    name = path[: -len(".py")].replace("/", ".")
    return name[: -len(".__init__")] if name.endswith(".__init__") else name


SOURCES = {
    module_name(relative.as_posix()): path
    for relative, path in stage.sources(ROOT)
    if path.suffix == ".py"
}
MODULES = sorted(set(SOURCES) - {"microdot.__main__"})
PORTABLE = sorted(
    module_name(target) for project in PROJECTS for target in manifest.portable(project)
)


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
        [sys.executable, "tools/manifest.py", "--check"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout == ""
    assert done.returncode == 0


def test_a_version_is_written_once():
    """manifest.py compares the change log's and package.json's with it; core's is in the module."""
    core = (ROOT / "microdot-core/pyproject.toml").read_text()
    assert 'dynamic = ["version"]' in core
    assert not re.search(r"(?m)^version =", core)
    assert manifest.version(ROOT / "microdot-core") == core_version()


def core_version():
    code = "import microdot; print(microdot.__version__)"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_the_bounds_between_distributions_follow_the_versions(project):
    """A bound on one of ours is ``>=X.Y,<X+1`` and admits the version in this checkout."""
    versions = {path.name: manifest.version(path) for path in PROJECTS}
    bounds = re.findall(
        r'"(microdot-[a-z]+)>=(\d+)\.(\d+),<(\d+)"', (project / "pyproject.toml").read_text()
    )
    for name, major, minor, limit in bounds:
        have = [int(part) for part in versions[name].split(".")]
        assert int(limit) == int(major) + 1
        assert [int(major), int(minor)] <= have[:2] < [int(limit)]
    others = {path.name for path in PROJECTS} - {"microdot-core"}
    named = {name for name, *_ in bounds}
    assert named == others if project.name == "microdot-core" else "microdot-core" in named


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_alone(name, request):
    code = "import importlib; importlib.import_module(%r)" % name
    env = dict(os.environ)
    if name.startswith("microdot.utemplate."):
        paths = [request.getfixturevalue("utemplate"), env.get("PYTHONPATH", "")]
        env["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, env=env, check=True)


@pytest.mark.parametrize("name", PORTABLE)
def test_a_portable_module_imports_alone_on_micropython(name, micropython, request):
    if name == "microdot.utemplate.compiler":
        path = f"{stage.stage(ROOT, ROOT / 'build/tree')}:{request.getfixturevalue('utemplate')}"
        done = micropython("-c", "import " + name, heap="96k", path=path + ":.frozen")
    else:
        done = micropython("-c", "import " + name, heap="96k")
    assert done.stdout == ""
    assert done.returncode == 0


def test_import_microdot_is_light():
    code = (
        "import sys, microdot\n"
        "heavy = {'pluggy', 'importlib.metadata', 'importlib_metadata', 'argparse',"
        " 'microdot.server', 'microdot.test_client', 'microdot.files', 'microdot.hooks'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", PORTABLE)
def test_a_portable_module_is_small(name):
    """Compiling on a board takes memory in proportion to the largest file."""
    assert len(SOURCES[name].read_text().splitlines()) <= 285


def test_portable_modules_import_only_what_micropython_has(micropython, utemplate):
    """Also what is imported inside functions, which importing the module does not show."""
    wanted = set()
    for name in PORTABLE:
        wanted |= absolute_imports(ast.parse(SOURCES[name].read_text()).body)
    assert {"asyncio", "sys", "json"} <= wanted
    path = f"{stage.stage(ROOT, ROOT / 'build/tree')}:{utemplate}:.frozen"
    done = micropython("-c", "\n".join("import " + name for name in sorted(wanted)), path=path)
    assert done.stdout == ""
    assert done.returncode == 0


def absolute_imports(nodes):
    """Return the names of absolute imports that a board comes across."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} if node.level == 0 else set()
        elif isinstance(node, ast.If) and guard(node) in ("TYPE_CHECKING", "CPYTHON"):
            found |= absolute_imports(node.orelse)
        elif isinstance(node, ast.Try) and "ImportError" in map(handled, node.handlers):
            found |= absolute_imports(node.orelse + node.finalbody)
        else:
            found |= absolute_imports(ast.iter_child_nodes(node))
    return found


def guard(node):
    """Return the name that an ``if`` asks for, None for another condition."""
    return node.test.id if isinstance(node.test, ast.Name) else None


def handled(handler):
    """Return the name of the exception of an ``except``."""
    return handler.type.id if isinstance(handler.type, ast.Name) else None


@pytest.mark.parametrize("name", ["http11", "fields", "chunked", "targets", "phrases", "frame"])
def test_protocol_modules_do_no_io(name):
    tree = ast.parse((CORE / (name + ".py")).read_text())
    for node in ast.walk(tree):
        assert not isinstance(node, (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & {"asyncio", "socket", "time", "os"}


#: From bottom to top. Imports at the top of a module go down; what begins with "_" is for all.
LAYERS = [
    "errors _compat _report _utf8 suggestions dates streams secure_stream phrases test_events",
    "fields datastructures cookies date_parser iterators test_request test_stream helpers final",
    "targets http11 chunked urls frame digests",
    "request_extra response_extra pattern_extra segments patterns table application_extra plan",
    "request response routing",
    "results automatic body",
    "dispatch files handlers content",
    "static",
    "hooks mounting",
    "outbox broadcast",
    "plugins framing takeover shutdown",
    "application connection",
    "stream_connection",
    "server test_client microdot",
    "__init__ __main__",
]
RANKS = {name: rank for rank, layer in enumerate(LAYERS) for name in layer.split()}


#: Imports inside functions that go up or sideways: parts that are loaded with their first use.
LOADED_ON_USE = {
    "_compat": "automatic",
    "application": "server",
    "application_extra": "automatic dispatch mounting plugins server static",
    "automatic": "files",
    "body": "dispatch",
    "dispatch": "handlers",
    "frame": "body",
    "http11": "chunked targets",
    "mounting": "plugins",
    "pattern_extra": "patterns",
    "plan": "plugins",
    "request": "content",
    "request_extra": "content",
    "response": "automatic files",
    "routing": "patterns",
    "table": "patterns",
}


def relative_imports(nodes, inside=False):
    """Yield (module, whether inside a function) for imports from the own package at run time."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            for target in [node.module] if node.module else [name.name for name in node.names]:
                yield target.split(".")[0], inside
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("microdot."):
            yield node.module.split(".")[1], inside
        elif isinstance(node, ast.If) and guard(node) == "TYPE_CHECKING":
            yield from relative_imports(node.orelse, inside)
        else:
            function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from relative_imports(ast.iter_child_nodes(node), inside or function)


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.name)
def test_imports_point_down(path):
    assert path.stem in RANKS, "give the module a layer in docs/architecture.md and here"
    up = {False: set(), True: set()}
    for target, inside in relative_imports(ast.parse(path.read_text()).body):
        ours = target in RANKS and not target.startswith("_")
        if ours and RANKS[target] >= RANKS[path.stem]:
            up[inside].add(target)
    assert up[False] == set()
    assert up[True] <= set(LOADED_ON_USE.get(path.stem, "").split())


def test_only_few_modules_know_the_cpython_folder():
    """Each of them has another half for boards, or never gets there on one."""
    knowing = {
        path.stem
        for path in CORE.glob("*.py")
        for target, _ in relative_imports(ast.parse(path.read_text()).body)
        if target == "cpython"
    }
    assert knowing == {
        "__main__", "_compat", "_report", "_utf8", "digests", "files", "iterators", "plugins", "server"
    }  # fmt: skip


def test_the_readme_opens_with_two_commands():
    blocks = re.findall(r"```\w*\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    commands = [line.split("#")[0].strip() for line in blocks[0].strip().splitlines()]
    assert commands == ["python3 dev.py demo", "python3 dev.py test"]
