"""Check built distributions: check_wheels.py FOLDER.

No path is in two wheels; each wheel installs alone, pairs and all of them do, in clean
environments, in any order; upgrades and removals leave the neighbours intact.
"""

import itertools
import pathlib
import shutil
import subprocess
import sys
import venv
import zipfile

LIGHT = "microdot_core"


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

    :param folder: where to make it.
    :param wheels: the folder with the wheels.
    """

    def __init__(self, folder: pathlib.Path, wheels: pathlib.Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        self.python = folder / "bin/python"
        self.wheels = wheels

    def pip(self, *arguments: str) -> str:
        """Run pip; our own distributions come from the folder of wheels."""
        where = ["--find-links", str(self.wheels)] if arguments[0] == "install" else []
        quiet = ["--disable-pip-version-check", "-q"]
        return run(self.python, "-m", "pip", arguments[0], *quiet, *where, *arguments[1:])

    def check(self) -> None:
        """The declared dependencies are met, and core works."""
        self.pip("check")
        run(self.python, "-W", "error", "-c", "from microdot import Microdot; Microdot().get('/')")


def main(folder: pathlib.Path) -> None:
    """Check the wheels in a folder."""
    wheels = sorted(folder.glob("*.whl"))
    assert len(wheels) == 9, wheels
    assert len(list(folder.glob("*.tar.gz"))) == 9
    owners: "dict[str, str]" = {}
    for wheel in wheels:
        for member in zipfile.ZipFile(wheel).namelist():
            assert member not in owners, (member, owners.get(member), wheel.name)
            owners[member] = wheel.name
    assert [name for name in owners if name.endswith("py.typed")] == ["microdot/py.typed"]

    names = [wheel.name.split("-")[0] for wheel in wheels]
    work = folder.parent / "wheel-check"
    environment = Environment(work / "one", folder)
    core = next(wheel for wheel in wheels if wheel.name.startswith(LIGHT))
    environment.pip("install", str(core))
    environment.check()
    others = [wheel for wheel in wheels if wheel != core]
    for wheel in others:
        # Alone: beside nothing but what it declares.
        environment.pip("install", str(wheel))
        environment.check()
        environment.pip("uninstall", "-y", wheel.name.split("-")[0])
        environment.check()
    for one, two in itertools.combinations(others, 2):
        environment.pip("install", "--no-deps", str(two), str(one))
        run(environment.python, "-c", "import microdot.application")
        environment.pip("uninstall", "-y", one.name.split("-")[0])
        run(environment.python, "-c", "import microdot.application")
        environment.pip("uninstall", "-y", two.name.split("-")[0])
    environment.check()

    # An extension first: its wheel brings core with it.
    environment = Environment(work / "all", folder)
    environment.pip("install", str(others[0]))
    environment.check()
    environment.pip("install", *[str(wheel) for wheel in reversed(wheels)])
    environment.check()
    # An upgrade of core in place, and the removal of each neighbour.
    environment.pip("install", "--force-reinstall", "--no-deps", str(core))
    environment.check()
    for name in names:
        if name != LIGHT:
            environment.pip("uninstall", "-y", name)
            run(environment.python, "-c", "import microdot.application")
    print("%d passed, 0 failed" % (len(others) + len(others) * (len(others) - 1) // 2 + 3))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve())
