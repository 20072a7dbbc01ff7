"""What ``memory.py`` needs of MicroPython: the programs, the folders of modules, a process."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import build_mpy

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROBES = pathlib.Path(__file__).resolve().parent / "probes"
PACKAGE = "microdot"
#: Heap of the processes in which something is measured, not the limit tried.
LARGE_HEAP = "8192k"


class MissingTool(Exception):
    """A program that is needed is not there and cannot be got."""


def interpreter() -> str:
    """Return the 32-bit MicroPython: ``$MICROPYTHON_32``, or the one that ``tools/`` gets."""
    return os.environ.get("MICROPYTHON_32") or _tool(
        "get-micropython.sh", "build/micropython", "i386"
    )


def cross_compiler() -> str:
    """Return mpy-cross: ``$MPY_CROSS``, or the one that ``tools/`` gets."""
    return os.environ.get("MPY_CROSS") or _tool("get-mpy-cross.sh")


def _tool(script: str, *arguments: str) -> str:
    path = ROOT / "tools" / script
    done = subprocess.run(
        ["sh", str(path), *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise MissingTool(f"tools/{script} failed; its message is above")
    return done.stdout.strip()


def portable_modules() -> dict[str, pathlib.Path]:
    """Return the modules that run on MicroPython: path in the package folder -> source."""
    found = {}
    for source in sorted(ROOT.glob(f"{PACKAGE}-*/src/{PACKAGE}")):
        manifest = source.parent.parent / "package.json"
        listed = None
        if manifest.exists():
            listed = {target for target, _ in json.loads(manifest.read_text())["urls"]}
        for path in sorted(source.rglob("*.py")):
            relative = path.relative_to(source)
            target = f"{PACKAGE}/{relative.as_posix()}"
            cpython_only = relative.parts[0] in ("cpython", "__main__.py")
            if target in listed if listed is not None else not cpython_only:
                found[relative.as_posix()] = path
    return found


def compose(folder: pathlib.Path, compiler: str = "") -> pathlib.Path:
    """Put the portable modules and the hello application into a folder for ``MICROPYPATH``.

    :param folder: the folder, made anew.
    :param compiler: the cross compiler; without one the sources are copied.
    """
    shutil.rmtree(folder, ignore_errors=True)
    sources = {f"{PACKAGE}/{name}": path for name, path in portable_modules().items()}
    for name in ("hello.py", "upload_app.py", "socket_app.py", "stream_app.py", "session_app.py"):
        sources[name] = PROBES / name
    for name, path in sources.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if compiler:
            build_mpy.compile_file(compiler, path, target.with_suffix(".mpy"))
        else:
            shutil.copyfile(path, target)
    return folder


def start(
    micropython: str,
    folder: pathlib.Path,
    arguments: list[str],
    heap: str = LARGE_HEAP,
) -> subprocess.Popen[str]:
    """Start MicroPython with the modules of a folder; its output is one pipe."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("MICROPY")
    }
    # MICROPYPATH replaces the built-in path: without ".frozen" there is no asyncio.
    environment["MICROPYPATH"] = f"{folder}:.frozen"
    return subprocess.Popen(
        [micropython, "-X", f"heapsize={heap}", *arguments],
        env=environment,
        cwd=tempfile.gettempdir(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def import_order(names: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield modules, each after those its top level imports, and whether it needs the package.

    :param names: paths in the package folder, without ``__init__.py``.
    """
    modules = {name[:-3].replace("/", "."): portable_modules()[name] for name in names}
    imports = {name: _top_imports(path) for name, path in modules.items()}
    seen: set[str] = set()

    def visit(name: str) -> Iterator[tuple[str, bool]]:
        if name in seen or name not in modules:
            return
        seen.add(name)
        for dependency in sorted(imports[name] - {""}):
            yield from visit(dependency)
        yield name, "" in imports[name]

    for name in sorted(modules):
        yield from visit(name)


def _top_imports(path: pathlib.Path) -> set[str]:
    # Names of modules in the package; "" for the package itself.
    found = set()
    pending: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                found.add(module)
            elif module == PACKAGE or module.startswith(PACKAGE + "."):
                found.add(module[len(PACKAGE) + 1 :])
        elif isinstance(node, ast.Try):
            pending += node.body + node.orelse + node.finalbody
            for handler in node.handlers:
                pending += handler.body
    return found


if __name__ == "__main__":
    sys.exit("this is a part of memory.py")
