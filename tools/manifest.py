#!/usr/bin/env python3
"""Write package.json of every distribution from its sources, or check it.

    manifest.py [--check]

What mip installs on a board is what is portable: every module except
``__main__.py`` and the folders and modules named here. The version is that of the distribution.
"""

import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

#: Distributions that have no portable module by design.
CPYTHON_ONLY = {"microdot-servers"}
#: Modules for CPython whose names applications import, so that they are in no such folder.
CPYTHON_MODULES = {"microdot/jinja.py", "microdot/wsgi.py"}
#: Folders of modules for CPython.
CPYTHON_FOLDERS = {"cpython", "adapters"}


def version(project: pathlib.Path) -> str:
    """Return the version of the distribution in a folder."""
    found = re.search(r'(?m)^version = "([^"]+)"', (project / "pyproject.toml").read_text())
    if not found:
        found = re.search(
            r'(?m)^__version__ = "([^"]+)"', (project / "src/microdot/__init__.py").read_text()
        )
    assert found, f"no version in {project}"
    return found.group(1)


def portable(project: pathlib.Path) -> "list[str]":
    """Return the portable modules of a distribution, relative to its src folder."""
    src = project / "src"
    modules = [path.relative_to(src) for path in sorted(src.rglob("*.py"))]
    return [
        path.as_posix()
        for path in modules
        if not CPYTHON_FOLDERS.intersection(path.parts)
        and path.name != "__main__.py"
        and path.as_posix() not in CPYTHON_MODULES
    ]


def manifest(project: pathlib.Path) -> str:
    """Return what package.json of a distribution is to contain."""
    current = project / "package.json"
    deps = json.loads(current.read_text())["deps"] if current.exists() else []
    modules = [] if project.name in CPYTHON_ONLY else portable(project)
    urls = [[name, f"src/{name}"] for name in modules]
    return json.dumps({"urls": urls, "deps": deps, "version": version(project)}, indent=2) + "\n"


def main() -> int:
    """Write or check all manifests."""
    stale = []
    for project in sorted(path.parent for path in ROOT.glob("microdot-*/pyproject.toml")):
        path = project / "package.json"
        text = manifest(project)
        if not path.exists() or path.read_text() != text:
            stale.append(path.relative_to(ROOT).as_posix())
            if "--check" not in sys.argv:
                path.write_text(text)
    if stale and "--check" in sys.argv:
        print("out of date: %s; run tools/manifest.py" % ", ".join(stale))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
