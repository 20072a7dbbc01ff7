#!/usr/bin/env python3
"""Compile the portable modules of all distributions to .mpy files.

    build_mpy.py [FOLDER]            (build/mpy)

Made with ``-O3``: no line numbers in tracebacks, less memory on the board. The
files are of the mpy version of MicroPython 1.25. ``$MPY_CROSS`` names another compiler.
"""

import os
import pathlib
import shutil
import subprocess
import sys

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


def build(folder: pathlib.Path) -> pathlib.Path:
    """Compile into a folder, made anew, and return it."""
    program = compiler()
    shutil.rmtree(folder, ignore_errors=True)
    for project in sorted(path.parent for path in ROOT.glob("microdot-*/pyproject.toml")):
        for name in manifest.portable(project):
            target = (folder / name).with_suffix(".mpy")
            target.parent.mkdir(parents=True, exist_ok=True)
            source = project / "src" / name
            command = [program, *OPTIONS, "-s", source.name, "-o", str(target), str(source)]
            subprocess.run(command, check=True)
    return folder


if __name__ == "__main__":
    print(build(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build/mpy"))
