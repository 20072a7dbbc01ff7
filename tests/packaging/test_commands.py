"""dev.py: what it says where something is missing, and which interpreters it finds."""

import importlib.util
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def dev(tmp_path):
    """The module dev.py, with an environment of its own to set up."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.VENV = str(tmp_path / "a folder" / "venv")
    return module


def answer(output):
    """Return a subprocess.run() that fails with an output."""
    return lambda command, **options: subprocess.CompletedProcess(command, 1, output)


def test_a_debian_without_venv_is_told_the_package(dev, monkeypatch):
    output = (
        "The virtual environment was not created successfully because ensurepip is not available."
    )
    monkeypatch.setattr(dev.subprocess, "run", answer(output))
    with pytest.raises(SystemExit) as caught:
        dev.main(["test"])
    assert "sudo apt install python3-venv" in str(caught.value)
    assert not os.path.exists(dev.VENV)


def test_another_failure_of_venv_is_shown(dev, monkeypatch):
    monkeypatch.setattr(dev.subprocess, "run", answer("No space left on device"))
    with pytest.raises(SystemExit, match="No space left on device"):
        dev.main(["test"])


def test_a_machine_without_a_package_index_is_told_so(dev, monkeypatch):
    outcomes = {"venv": 0, "pip": 1}

    def run(command, **options):
        return subprocess.CompletedProcess(command, outcomes[command[2]], "")

    monkeypatch.setattr(dev.subprocess, "run", run)
    with pytest.raises(SystemExit, match="pip cannot install nox"):
        dev.main(["demo"])
    assert not os.path.exists(os.path.join(dev.VENV, "ready"))


def test_an_old_python_is_refused(dev, monkeypatch):
    monkeypatch.setattr(dev.sys, "version_info", (3, 8, 10, "final", 0))
    with pytest.raises(SystemExit, match=r"Python 3\.9 or newer is needed; this is 3\.8"):
        dev.main(["demo"])


def test_without_a_command_the_commands_are_shown():
    done = subprocess.run([sys.executable, "dev.py"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "python3 dev.py demo" in done.stdout
    assert "python3 dev.py test" in done.stdout


def test_interpreters_of_pyenv_are_found_behind_its_shims(dev, monkeypatch, tmp_path):
    """A shim of a version that is not active ends with status 127."""
    for folder, status in (("shims", 127), ("versions/3.12.1/bin", 0)):
        program = tmp_path / folder / "python3.12"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\nexit %d\n" % status)
        program.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "uv"))
    assert dev.interpreters() == ["3.12 %s" % (tmp_path / "versions/3.12.1/bin/python3.12")]


def test_the_makefile_calls_existing_sessions():
    sessions = set(re.findall(r"\ndef (\w+?)_?\(session", (ROOT / "noxfile.py").read_text()))
    targets = re.findall(r"\n(\w+):.*\n\tpython3 dev\.py (\w+)\n", (ROOT / "Makefile").read_text())
    assert len(targets) >= 6
    for target, command in targets:
        assert target == command
        assert command in sessions | {"test"}


def test_ci_runs_the_test_command_last():
    lines = (ROOT / ".ci/run").read_text().strip().splitlines()
    assert lines[-1] == "exec python3 dev.py test"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_ci_gets_every_interpreter_that_is_promised():
    promised = re.search(r"PROMISED = \[(.*)\]", (ROOT / "noxfile.py").read_text()).group(1)
    versions = re.search(r"for version in (.*); do", (ROOT / ".ci/run").read_text()).group(1)
    assert re.findall(r"[\d.]+", promised) == versions.split()
