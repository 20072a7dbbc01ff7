"""Check built distributions: check_wheels.py FOLDER.

No path is in two wheels; each wheel installs alone, pairs and all of them do, in clean
environments, in any order; upgrades and removals leave the neighbours intact.
"""

import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import venv
import zipfile

CORE = "microdot_core"


def run(python: pathlib.Path, *arguments: str) -> str:
    """Run an interpreter and return what it prints."""
    done = subprocess.run(
        [str(python), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit("%s\nfailed:\n%s" % (" ".join(arguments), done.stdout))
    return done.stdout


class Environment:
    """A clean virtual environment.

    ``checks`` counts what was found in order, over all environments.

    :param folder: where to make it.
    :param wheels: the folder with the wheels.
    """

    checks = 0

    def __init__(self, folder: pathlib.Path, wheels: pathlib.Path) -> None:
        venv.create(folder, with_pip=True)
        self.python = folder / "bin/python"
        self.wheels = wheels

    def pip(self, *arguments: str) -> str:
        """Run pip; it knows the folder of wheels."""
        where = ["--find-links", str(self.wheels)] if arguments[0] == "install" else []
        quiet = ["--disable-pip-version-check", "-q"]
        return run(self.python, "-m", "pip", arguments[0], *quiet, *where, *arguments[1:])

    def check(self, *extensions: str) -> None:
        """Check that declared dependencies are met, core works and the extensions are there."""
        self.pip("check")
        run(self.python, "-W", "error", "-c", "from microdot import Microdot; Microdot().get('/')")
        script = self.python.with_name("microdot")
        assert run(script, "--version").startswith("microdot-core ")
        code = "from importlib import metadata; print(metadata.version(%r))"
        for name in extensions:
            run(self.python, "-c", code % name)
        Environment.checks += 1


def check_contents(wheels: "list[pathlib.Path]") -> None:
    """Check that no path is in two wheels, and that each wheel has what it declares."""
    owners: "dict[str, str]" = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            info = "-".join(wheel.name.split("-")[:2]) + ".dist-info/"
            metadata = archive.read(info + "METADATA").decode()
            entries = info + "entry_points.txt"
            declared = archive.read(entries).decode() if entries in names else ""
        assert "License-Expression: MIT" in metadata, wheel.name
        assert "Requires-Python: >=3.9" in metadata, wheel.name
        assert info + "licenses/LICENSE" in names, wheel.name
        for module in re.findall(r"(?m)^[^\[\n]+ = ([\w.]+)", declared):
            path = module.replace(".", "/")
            assert {path + ".py", path + "/__init__.py"} & set(names), (wheel.name, module)
        for name in names:
            assert name not in owners, (name, owners.get(name), wheel.name)
            owners[name] = wheel.name
    assert [name for name in owners if name.endswith("py.typed")] == ["microdot/py.typed"]
    # Only core brings the package itself; an extension adds modules to it.
    assert owners["microdot/__init__.py"].startswith(CORE)


def main(folder: pathlib.Path) -> None:
    """Check the wheels in a folder."""
    wheels = sorted(folder.glob("*.whl"))
    assert len(wheels) == 9, wheels
    assert len(list(folder.glob("*.tar.gz"))) == 9
    check_contents(wheels)

    names = [wheel.name.split("-")[0] for wheel in wheels]
    work = folder.parent / "wheel-check"
    shutil.rmtree(work, ignore_errors=True)
    environment = Environment(work / "one", folder)
    core = next(wheel for wheel in wheels if wheel.name.startswith(CORE))
    environment.pip("install", str(core))
    environment.check()
    others = [wheel for wheel in wheels if wheel != core]
    for wheel in others:
        # Alone: beside nothing but what it declares.
        name = wheel.name.split("-")[0]
        environment.pip("install", str(wheel))
        environment.check(name)
        environment.pip("uninstall", "-y", name)
        environment.check()
    for one, two in itertools.combinations(others, 2):
        names_of_two = [wheel.name.split("-")[0] for wheel in (one, two)]
        environment.pip("install", "--no-deps", str(two), str(one))
        environment.check(*names_of_two)
        environment.pip("uninstall", "-y", names_of_two[0])
        environment.check(names_of_two[1])
        environment.pip("uninstall", "-y", names_of_two[1])
    environment.check()

    # An extension first: its wheel brings core with it, and that one is ours: names that we
    # have not published yet must not be looked up in the package index.
    environment.pip("download", "--dest", str(work / "index"), *map(str, wheels))
    environment = Environment(work / "all", work / "index")
    environment.pip("install", "--no-index", str(others[0]))
    environment.check(names[0])
    # The extra "all" of core names every other.
    environment.pip("install", "--no-index", CORE + "[all]")
    environment.check(*names)
    environment.pip("install", "--force-reinstall", "--no-deps", *map(str, reversed(wheels)))
    environment.check(*names)
    # An upgrade of core in place, and the removal of each neighbour.
    environment.pip("install", "--force-reinstall", "--no-deps", str(core))
    environment.check(*names)
    for wheel in others:
        environment.pip("uninstall", "-y", wheel.name.split("-")[0])
        environment.check(CORE)
    print("%d environments are in order" % Environment.checks)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
