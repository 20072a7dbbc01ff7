#!/usr/bin/env python3
"""Compile the portable modules of all distributions to .mpy files.

    build_mpy.py [FOLDER]            (build/mpy)

Made with ``-O3``, no line numbers in tracebacks, and without what only type
checkers read, for less memory on the board. The files are of the mpy version of MicroPython 1.25. ``$MPY_CROSS`` names another compiler.
"""

import ast
import os
import pathlib
import subprocess
import sys
import tempfile

import manifest

ROOT = manifest.ROOT

#: Options of mpy-cross for what is released.
OPTIONS = ("-O3",)


def compiler() -> str:
    """Return the path of mpy-cross."""
    given = os.environ.get("MPY_CROSS")
    if given:
        return given
    done = subprocess.run(
        ["sh", "tools/get-mpy-cross.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def without_typing(source: str) -> str:
    """Return a module's source without ``if TYPE_CHECKING`` blocks; lines keep their numbers."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and not node.orelse:
            if node.test.id == "TYPE_CHECKING":
                assert node.end_lineno is not None
                for number in range(node.lineno - 1, node.end_lineno):
                    lines[number] = "\n"
    text = "".join(lines)
    for old, new in (
        ("TYPE_CHECKING = False\n", "\n"),
        ("TYPE_CHECKING or CPYTHON", "CPYTHON"),
        ("not TYPE_CHECKING and ", ""),
    ):
        text = text.replace(old, new)
    assert "TYPE_CHECKING" not in text, "a use of TYPE_CHECKING that this does not know"
    return text


def compile_file(program: str, source: pathlib.Path, target: pathlib.Path) -> None:
    """Compile one module.

    :param program: mpy-cross.
    :param source: the ``.py`` file.
    :param target: the ``.mpy`` file, in a folder that is made when necessary.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder, source.name)
        stripped.write_text(without_typing(source.read_text()))
        command = [program, *OPTIONS, "-s", source.name, "-o", str(target), str(stripped)]
        subprocess.run(command, check=True)


def build(folder: pathlib.Path) -> pathlib.Path:
    """Compile into a folder, and return it; compiled files of before are removed, nothing else."""
    program = compiler()
    for path in (folder / "microdot").rglob("*.mpy"):
        path.unlink()
    for project in sorted(path.parent for path in ROOT.glob("microdot-*/pyproject.toml")):
        for name in manifest.portable(project):
            target = (folder / name).with_suffix(".mpy")
            compile_file(program, project / "src" / name, target)
    return folder


if __name__ == "__main__":
    print(build(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/mpy"))
