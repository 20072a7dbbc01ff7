"""The files and commands of docs/deployment.md do what the page says."""

import ast
import contextlib
import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import certificates
import documented
import pytest
from harness import Reply, get
from nginx_server import Nginx, free_port, missing

FOLDER = "/srv/shop"


@pytest.fixture
def shop(tmp_path):
    """A folder with the files of /srv/shop."""
    for name in ("shop.py", "shop_asgi.py", "shop_wsgi.py", "requirements.txt"):
        (tmp_path / name).write_text(documented.file("%s/%s" % (FOLDER, name)))
    return tmp_path


@contextlib.contextmanager
def running(words, folder, port, context=None):
    """Run a command in a folder until it listens; in the end, SIGTERM has to end it."""
    sources = [str(path) for path in sorted(documented.ROOT.glob("microdot-*/src"))]
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(sources), PYTHONUNBUFFERED="1")
    log = open(folder / "log", "w+")
    process = subprocess.Popen(words, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            raise AssertionError("it does not listen: " + (folder / "log").read_text())
        yield process
        process.send_signal(signal.SIGTERM)
        process.wait(15)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        log.close()


def with_port(words, port):
    """Return a command with another port, and with this Python for the one that is named."""
    text = " ".join(words)
    changed = re.sub(r"(--port |:)(5000|443)\b", lambda match: match[1] + str(port), text)
    assert changed != text
    words = changed.split()
    if words[0].endswith("python"):
        words[0] = sys.executable
    else:
        words[:1] = [sys.executable, "-m", words[0]]
    return words


def ask(port, context=None, **fields):
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        if context is not None:
            connection = context.wrap_socket(connection, server_hostname="localhost")
        with connection:
            connection.sendall(get("/", Connection="close", **fields))
            return Reply(connection)


def unit():
    """Return the unit as a dictionary: name -> values."""
    settings = {}
    for line in documented.file("/etc/systemd/system/shop.service").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            settings.setdefault(name, []).append(value)
    return settings


def behind_nginx(port):
    """Return the documented nginx configuration for an application at a port, and its own port."""
    text = documented.file("/etc/nginx/conf.d/shop.conf")
    tls = free_port()
    text = text.replace("127.0.0.1:5000", "127.0.0.1:%d" % port)
    text = text.replace("listen 443 ", "listen 127.0.0.1:%d " % tls)
    return text.replace("listen 80;", "listen 127.0.0.1:%d;" % free_port()), tls


def check_behind_nginx(port):
    nginx = Nginx(*behind_nginx(port))
    try:
        reply = ask(nginx.port, nginx.context, Host="www.example.com", X_Forwarded_For="6.6.6.6")
        assert (reply.status, reply.body) == (200, b"https from 127.0.0.1\n")
    finally:
        log = nginx.stop()
    assert "[error]" not in log


def test_the_command_of_the_unit_behind_the_documented_nginx(shop):
    (words,) = unit()["ExecStart"]
    assert unit()["WorkingDirectory"] == [FOLDER]
    port = free_port()
    with running(with_port(words.split(), port), shop, port):
        # Without the proxy: a client on this machine, which is believed because of its address.
        assert ask(port).body == b"http from 127.0.0.1\n"
        check_behind_nginx(port)


def test_the_unit_is_one(shop):
    command = shutil.which("systemd-analyze")
    if command is None:
        missing("systemd-analyze is not installed (Debian: systemd)")
    program = shop / "venv/bin/python"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    text = documented.file("/etc/systemd/system/shop.service").replace(FOLDER, str(shop))
    (shop / "shop.service").write_text(text)
    done = subprocess.run(
        [command, "verify", "--man=no", str(shop / "shop.service")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ, SYSTEMD_LOG_LEVEL="warning"),
    )
    findings = [line for line in done.stdout.splitlines() if "shop.service" in line]
    assert findings == [], done.stdout


def test_the_time_to_stop_is_longer_than_the_grace_period():
    from microdot import Microdot

    assert int(unit()["TimeoutStopSec"][0]) > Microdot().grace_period


def test_nginx_closes_idle_connections_first():
    from microdot import Microdot

    text = documented.file("/etc/nginx/conf.d/shop.conf")
    (seconds,) = re.findall(r"keepalive_timeout (\d+)s;", text)
    assert int(seconds) < Microdot().idle_timeout


def test_the_command_with_tls(shop):
    certificates.make(shop)
    port = free_port()
    text = documented.command("python -m microdot run shop:app --host 0.0.0.0")
    words = [word.replace("/etc/ssl/shop", str(shop)) for word in with_port(text, port)]
    import ssl

    context = ssl.create_default_context(cafile=str(shop / "cert.pem"))
    with running(words, shop, port):
        assert ask(port, context).body == b"https from 127.0.0.1\n"


@pytest.mark.parametrize("program", ["uvicorn", "gunicorn"])
def test_the_commands_of_other_servers(shop, program):
    if importlib.util.find_spec(program) is None:
        missing("%s is not installed" % program)
    port = free_port()
    with running(with_port(documented.command(program), port), shop, port):
        for _ in range(100):  # uvicorn listens before its processes are ready
            with contextlib.suppress(OSError, AssertionError):
                assert ask(port).body == b"http from 127.0.0.1\n"
                break
            time.sleep(0.1)
        check_behind_nginx(port)


def test_the_container_file():
    text = documented.file(FOLDER + "/Containerfile")
    copied = re.findall(r"^COPY (\S+) \./$", text, re.M)
    assert sorted(copied) == ["requirements.txt", "shop.py"]
    for name in copied:
        assert documented.file("%s/%s" % (FOLDER, name))
    # The user has been made, and is not root.
    (user,) = re.findall(r"^USER (\S+)$", text, re.M)
    assert re.search(r"^RUN useradd .* %s$" % user, text, re.M)
    assert re.findall(r"^EXPOSE (\d+)$", text, re.M) == ["5000"]


def test_the_command_of_the_container_file(shop):
    text = documented.file(FOLDER + "/Containerfile")
    (line,) = re.findall(r"^CMD (\[.*\])$", text, re.M)
    words = json.loads(line)
    port = free_port()
    with running(with_port(words, port), shop, port):
        with urllib.request.urlopen("http://127.0.0.1:%d/" % port, timeout=5) as answer:
            assert answer.read() == b"http from 127.0.0.1\n"


def test_the_requirements_are_what_the_application_imports():
    required = documented.file(FOLDER + "/requirements.txt").splitlines()[1:]
    imported = {
        node.module
        for node in ast.walk(ast.parse(documented.file(FOLDER + "/shop.py")))
        if isinstance(node, ast.ImportFrom)
    }
    assert imported == {"microdot", "microdot.proxy"}
    assert required == ["microdot-core", "microdot-servers"]
    assert (documented.ROOT / "microdot-servers/src/microdot/proxy.py").exists()
