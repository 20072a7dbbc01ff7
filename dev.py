#!/usr/bin/env python3
"""The project's commands, from a fresh clone on a machine with Python 3.9 or newer and git.

    python3 dev.py demo          start the demo application
    python3 dev.py test          run the whole test suite
    python3 dev.py --list        list the other sessions
    python3 dev.py lint types    run some of them; options go to nox

Everything is set up below build/; nothing outside the checkout is changed.
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
    if os.path.exists(marker) and os.path.exists(python):
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
        fail("pip cannot install nox; its message is above. Is there a network?")
    with open(marker, "w") as file:
        file.write(NOX + "\n")
    return python


def environment() -> "dict[str, str]":
    """Return the environment of nox: with the interpreters that pyenv has but does not activate."""
    env = dict(os.environ)
    root = env.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    folders = sorted(glob.glob(os.path.join(root, "versions", "3.*", "bin")))
    env["PATH"] = os.pathsep.join([*folders, env.get("PATH", "")]) if folders else env["PATH"]
    env.pop("PYTHONPATH", None)
    return env


def main(arguments: "list[str]") -> int:
    """Run a command; return its exit status."""
    if sys.version_info < (3, 9):
        fail("Python 3.9 or newer is needed; this is %d.%d" % sys.version_info[:2])
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__.strip())
        return 0 if arguments else 2
    words = list(arguments)
    nox = []
    if words[0] == "demo":
        nox = ["--session", "demo", "--", *words[1:]]
    elif words[0] == "test":
        nox = words[1:]
    elif words[0].startswith("-"):
        nox = words
    else:
        while words and not words[0].startswith("-"):
            nox += ["--session", words.pop(0)]
        nox += words
    command = [set_up(), "-m", "nox", "--noxfile", os.path.join(ROOT, "noxfile.py"), *nox]
    try:
        return subprocess.run(command, cwd=ROOT, env=environment()).returncode
    except KeyboardInterrupt:
        return 0 if words[0] == "demo" else 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
