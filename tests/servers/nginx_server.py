"""A real nginx for the tests, as a user without rights, with the configuration of the documentation."""

import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

import certificates
import pytest

MAIN = """
daemon off;
worker_processes 1;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log warn;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
%(content)s
}
"""


def missing(message):
    """Skip the test that needs something; in CI fail, for it has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


def program():
    """Return the nginx command."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        missing("nginx is not installed (Debian: nginx-light)")
    return found


def free_port():
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Nginx:
    """A running nginx.

    :param content: what stands in the ``http`` context; paths in /etc/ssl/shop are replaced.
    :param port: a port that it listens at with TLS.
    """

    def __init__(self, content, port):
        command = program()
        self.port = port
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="nginx-"))
        certificates.make(self.folder)
        content = content.replace("/etc/ssl/shop", str(self.folder))
        config = self.folder / "nginx.conf"
        config.write_text(MAIN % {"folder": self.folder, "content": content})
        options = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            for path in [self.folder, *self.folder.iterdir()]:
                os.chown(path, user.pw_uid, user.pw_gid)
            options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        words = [command, "-p", str(self.folder), "-c", str(config), "-e", "stderr"]
        test = subprocess.run([*words, "-t"], stderr=subprocess.PIPE, text=True, **options)
        assert test.returncode == 0, test.stderr
        # Warnings, too, are not what a person should copy.
        assert "[warn]" not in test.stderr, test.stderr
        self.process = subprocess.Popen(words, stderr=subprocess.DEVNULL, **options)
        self.context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                return
            time.sleep(0.02)
        raise AssertionError("nginx does not start: " + self.stop())

    def connect(self, timeout=5, source=None):
        """Return a connection with TLS."""
        address = (source, 0) if source else None
        plain = socket.create_connection(("127.0.0.1", self.port), timeout, address)
        return self.context.wrap_socket(plain, server_hostname="localhost")

    def stop(self):
        """End it; return its error log."""
        self.process.terminate()
        self.process.wait(10)
        log = self.folder / "error.log"
        text = log.read_text() if log.exists() else ""
        shutil.rmtree(self.folder)
        return text
