#!/usr/bin/env python3
"""Run the Autobahn test suite against the WebSocket echo of the tests.

    autobahn.py cpython|micropython [CASES ...]        (autobahn.py cpython "1.*" "12.1.*")

The suite is a program for Python 2.7. Without one on the machine, or one that pyenv has, this says
so and fails: a result is never assumed. It is installed below build/. Reports go there, too.

Exit status 0 when every case is OK or informational; on MicroPython the four cases of 6.4, which
want bad UTF-8 to be found before a message is complete, may be NON-STRICT.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "autobahn"
BASIC = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*"]
CASES = {"cpython": [*BASIC, "12.*", "13.*"], "micropython": BASIC}

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/faults")]


def python27() -> str:
    """Return a Python 2.7, or end the program."""
    candidates = [shutil.which("python2.7")]
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    candidates += [str(path) for path in pathlib.Path(root).glob("versions/2.7*/bin/python2.7")]
    for command in candidates:
        if command:
            with contextlib.suppress(OSError):
                if subprocess.run([command, "-c", ""], stderr=subprocess.DEVNULL).returncode == 0:
                    return command
    sys.exit("the Autobahn test suite needs Python 2.7; there is none here, so nothing was tested")


def suite() -> str:
    """Return the path of the test program, installed when necessary."""
    program = BUILD / "venv/bin/wstest"
    if not program.exists():
        python = python27()
        folder = BUILD / "virtualenv"
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--target", str(folder), "virtualenv<20.22"],
            check=True,
        )
        subprocess.run(
            [python, "-m", "virtualenv", "-q", str(BUILD / "venv")],
            env=dict(os.environ, PYTHONPATH=str(folder)),
            check=True,
        )
        pip = [str(BUILD / "venv/bin/python"), "-m", "pip", "install", "-q"]
        subprocess.run([*pip, "autobahntestsuite==25.10.1"], check=True)
    return str(program)


def main() -> int:
    """Run the cases; return the exit status."""
    platform, cases = sys.argv[1], sys.argv[2:]
    import harness

    program = suite()
    app = ROOT / "tests/websocket/app.py"
    options = ["ping_interval=0"]
    if platform == "cpython":
        server = harness.cpython(*options, "compression=1", app=app)
    else:
        server = harness.micropython(*options, app=app)
    reports = BUILD / platform
    shutil.rmtree(reports, ignore_errors=True)
    specification = {
        "outdir": str(reports),
        "servers": [{"agent": platform, "url": "ws://127.0.0.1:%d/echo" % server.port}],
        "cases": cases or CASES[platform],
        "exclude-cases": [],
        "exclude-agent-cases": {},
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(specification, file)
        file.flush()
        try:
            subprocess.run(
                [program, "-m", "fuzzingclient", "-s", file.name],
                stdout=subprocess.DEVNULL,
                cwd=BUILD,
                check=True,
            )
        finally:
            server.stop()
    results = json.loads((reports / "index.json").read_text())[platform]
    counts: "dict[str, int]" = {}
    bad = []
    for case in sorted(results, key=lambda case: [int(part) for part in case.split(".")]):
        verdict = results[case]["behavior"]
        closing = results[case]["behaviorClose"]
        counts[verdict] = counts.get(verdict, 0) + 1
        lenient = platform == "micropython" and case.startswith("6.4.") and verdict == "NON-STRICT"
        if not (verdict in ("OK", "INFORMATIONAL") or lenient) or closing not in (
            "OK",
            "INFORMATIONAL",
        ):
            bad.append("%s: %s, close: %s" % (case, verdict, closing))
    print(platform, ", ".join("%d %s" % (counts[name], name) for name in sorted(counts)))
    print("\n".join(bad))
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main())
