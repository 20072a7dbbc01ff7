"""What all tests share: where the interpreters are."""

import os
import pathlib
import subprocess
import sys
from typing import Callable, Iterator, List

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def micropython_command(words: str) -> str:
    """Return the MicroPython command with 32-bit or 64-bit words, fetched when necessary."""
    given = os.environ.get("MICROPYTHON_" + words)
    if given:
        return given
    done = subprocess.run(
        ["sh", "tools/get-micropython.sh", "build/micropython", words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        message = "MicroPython cannot be had; tools/get-micropython.sh says why"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return done.stdout.strip().splitlines()[-1]


def composed_tree() -> pathlib.Path:
    """Return the folder that all distributions are composed in."""
    done = subprocess.run(
        [sys.executable, "tools/stage.py", "."],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return pathlib.Path(done.stdout.strip())


def utemplate_folder() -> str:
    """Return the folder that the package utemplate is in, fetched when necessary."""
    done = subprocess.run(
        [sys.executable, "tools/get-utemplate.py", "build/utemplate"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        message = "utemplate cannot be had: " + done.stdout
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return str(ROOT / "build/utemplate")


@pytest.fixture(scope="session")
def utemplate() -> "Iterator[str]":
    """Put utemplate on the path; return its folder."""
    folder = utemplate_folder()
    sys.path.append(folder)
    yield folder
    sys.path.remove(folder)


@pytest.fixture(scope="module", autouse=True)
def utemplate_for_a_module(request: pytest.FixtureRequest) -> None:
    """Get utemplate for a module that says it needs it; portable ones cannot ask for a fixture."""
    if getattr(request.module, "NEEDS_UTEMPLATE", False):
        request.getfixturevalue("utemplate")


@pytest.fixture(scope="session")
def micropython() -> "Callable[..., subprocess.CompletedProcess[str]]":
    """Return a function that runs MicroPython (32-bit) with arguments on the project's sources."""
    command = micropython_command("32")
    composed = f"{composed_tree()}:{ROOT / 'tools'}:.frozen"

    def run(
        *arguments: str, heap: str = "8M", path: str = composed
    ) -> "subprocess.CompletedProcess[str]":
        words: List[str] = [command, "-X", "heapsize=" + heap, *arguments]
        return subprocess.run(
            words,
            env=dict(os.environ, MICROPYPATH=path),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    return run
