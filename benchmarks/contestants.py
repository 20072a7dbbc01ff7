"""The server processes of ``http11.py`` and ``profile_http.py``."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import client
from servers.cases import CASES

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = sorted(str(path) for path in HERE.parent.glob("microdot-*/src"))
#: The order of a round; what the others are compared with comes first.
NAMES = ("bare-protocol", "bare-streams", "microdot", "upstream")
CONNECTIONS = 8


class Contestant:
    """A server process for one case, and the load on it.

    :param name: one of ``NAMES``.
    :param case: a key of ``CASES``.
    :param python: the Python that runs it.
    :param profile: a file for the profile of the process, written when it ends.
    """

    def __init__(self, name: str, case: str, python: str = "", profile: str = "") -> None:
        self.name = name
        self.case = CASES[case]
        port = client.free_port()
        # Not this folder: its modules could hide the one of the standard library.
        folders = [] if name == "upstream" else SOURCES
        command = [python or sys.executable, str(HERE / "servers" / "serve.py")]
        command += [name, case, str(port)] + ([profile] if profile else [])
        self.process = subprocess.Popen(
            command,
            env=dict(os.environ, PYTHONPATH=os.pathsep.join(folders)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        data = client.request(self.case.path, self.case.body, self.case.close)
        self.load = client.Load(port, data, CONNECTIONS, self.case.close)
        try:
            client.wait_until_served(port, 20, self.process).close()
            body = self.load.run(200)
            if not self.case.is_answer(body):
                raise ConnectionError(f"answered with {body[:80]!r}")
        except OSError as error:
            self.stop()
            raise ConnectionError(f"{name}, {case}: {error}") from None

    def cpu_seconds(self) -> float:
        """Return what the process has used so far, user and system, all its threads."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def round(self, count: int) -> float:
        """Send requests; return the CPU seconds per request."""
        before = self.cpu_seconds()
        self.load.run(count)
        spent = self.cpu_seconds() - before
        return spent / (self.load.rounds(count) * self.load.connections)

    def stop(self) -> None:
        """End the process, which writes its profile first."""
        self.load.close()
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def use_first_processor() -> None:
    """Keep this process, the load, off the last processor, where the servers run."""
    if hasattr(os, "sched_setaffinity"):
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:-1] or processors)
