#!/usr/bin/env python3
"""The project's commands, from a fresh clone on a machine with Python 3.9 or newer and git.

    python3 dev.py demo          start the demo application
    python3 dev.py test          run the whole test suite
    python3 dev.py --list        list the other sessions
    python3 dev.py lint types    run some of them; options go to nox
    python3 dev.py --interpreters    list the CPythons that the tests find here

Everything is set up below build/; outside the checkout only the cache of pip is touched.
"""

import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, "build", "venv")
NOX = "nox>=2024.4.15,<2027"


def fail(message: str) -> None:
    """Print why nothing more can be done, and end."""
    sys.exit("dev.py: " + message)


def python_of(folder: str) -> str:
    """Return the interpreter of a virtual environment."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(folder, *parts)


def set_up() -> str:
    """Make the virtual environment that nox runs in, once; return its interpreter."""
    python = python_of(VENV)
    marker = os.path.join(VENV, "ready")
    if os.path.exists(python) and os.path.exists(marker):
        with open(marker) as file:
            if file.read() == NOX:
                return python
    print("Setting up %s ..." % os.path.relpath(VENV, ROOT), flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", VENV],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in made.stdout or "No module named venv" in made.stdout:
            fail("this Python has no venv. On Debian and Ubuntu:  sudo apt install python3-venv")
        fail("cannot make a virtual environment:\n" + made.stdout)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, NOX]).returncode:
        fail("pip cannot install nox; its message is above. Setting up needs the package index.")
    with open(marker, "w") as file:
        file.write(NOX)
    return python


def environment() -> "dict[str, str]":
    """Return the environment of nox.

    With the interpreters that pyenv and uv keep off the PATH, and with caches below build/.
    """
    env = dict(os.environ)
    home = os.path.expanduser("~")
    pyenv = env.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
    data = env.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    uv = env.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python")
    kept = glob.glob(os.path.join(glob.escape(pyenv), "versions", "3.*", "bin"))
    kept += glob.glob(os.path.join(glob.escape(uv), "cpython-3.*", "bin"))
    # pyenv's shims fail for versions that are not active, so they must not come first.
    shims = os.path.join(pyenv, "shims")
    path = [folder for folder in env.get("PATH", os.defpath).split(os.pathsep) if folder != shims]
    env["PATH"] = os.pathsep.join(path + sorted(kept) + [shims])
    env.pop("PYTHONPATH", None)
    for name, folder in (
        ("VIRTUALENV_OVERRIDE_APP_DATA", "virtualenv"),
        ("PYRIGHT_PYTHON_CACHE_DIR", "pyright"),
    ):
        env.setdefault(name, os.path.join(ROOT, "build", folder))
    return env


def interpreters() -> "list[str]":
    """Return version and path of the CPythons that the tests find on this machine."""
    path = environment()["PATH"]
    found = []
    for minor in range(9, 20):
        python = shutil.which("python3.%d" % minor, path=path)
        # A shim can be there without the interpreter that it stands for.
        if python and subprocess.run([python, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0:
            found.append("3.%d %s" % (minor, python))
    return found


def main(arguments: "list[str]") -> int:
    """Run a command; return its exit status."""
    if sys.version_info < (3, 9):
        fail("Python 3.9 or newer is needed; this is %d.%d" % sys.version_info[:2])
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    if arguments == ["--interpreters"]:
        print("\n".join(interpreters()))
        return 0
    words = list(arguments)
    nox = []
    if words[0] == "demo":
        nox = ["--session", "demo", "--", *words[1:]]
    elif words[0] == "test":
        nox = words[1:]
    elif words[0].startswith("-"):
        nox = words
    else:
        nox = ["--session"]
        while words and not words[0].startswith("-"):
            nox.append(words.pop(0))
        nox += words
    command = [set_up(), "-m", "nox", "--noxfile", os.path.join(ROOT, "noxfile.py"), *nox]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment()).returncode
    except KeyboardInterrupt:
        return 0 if "demo" in arguments else 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
