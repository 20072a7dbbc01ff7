"""The ASGI adapter before a checker of the protocol, which needs Python 3.12."""

import os
import pathlib
import shutil
import subprocess
import sys
import sysconfig

import asgi_servers
import pytest

HERE = pathlib.Path(__file__).resolve().parent
CHECKER = shutil.which("asgion", path=sysconfig.get_path("scripts"))

#: No HEAD: the checker does not know that its length is that of the body of a GET (RFC 9110 8.6).
PATHS = {
    "requests": ["/", "/plain", "/nowhere", "/file", "/notes", "/count", "DELETE:/"],
    "bodies": ["POST:/json", "POST:/upload", "POST:/upper"],
    "streams": ["/pieces", "/name/x"],
    "websockets": ["ws:/echo", "ws:/nowhere", "ws:/guarded"],
}

if CHECKER and sys.version_info >= (3, 12):

    @pytest.mark.parametrize("kind", PATHS)
    @pytest.mark.parametrize("app", ["app", "wrapped"])
    def test_asgion_finds_nothing(kind, app):
        words = [word for path in PATHS[kind] for word in ("--path", path)]
        done = subprocess.run(
            [sys.executable, CHECKER, "check", "asgi_app:" + app, "--strict", *words,
             "--min-severity", "warning", "-d", '{"a": 1}', "-H", "Content-Type: application/json"],
            cwd=HERE,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join([*asgi_servers.SOURCES, str(HERE)])),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        assert "No violations found" in done.stdout, done.stdout
        assert done.returncode == 0
