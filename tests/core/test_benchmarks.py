"""The benchmarks run and report sane figures. Nothing here depends on how fast the machine is."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "benchmarks"
CASES = {"hello", "params", "closed", "file", "json", "post"}


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )


def succeed(script, *arguments):
    done = run(script, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def memory(*arguments):
    done = run("memory.py", *arguments)
    if done.returncode == 3 and os.environ.get("CI") != "true":
        pytest.skip("no 32-bit MicroPython with its cross compiler: " + done.stderr.strip())
    return done


def test_http_measures_every_case_and_contestant(tmp_path):
    path = tmp_path / "http.json"
    table = succeed("http11.py", "--rounds", "2", "--requests", "16", "--json", str(path))
    result = json.loads(path.read_text())
    assert result["instrument"] == "http" and result["rounds"] == 2
    assert set(result["cases"]) == CASES
    for case in result["cases"].values():
        assert set(case["cpu_us"]) == {"bare-protocol", "bare-streams", "microdot"}
        assert set(case["ratio"]) == {"bare-streams", "microdot"}
        for times in list(case["cpu_us"].values()) + list(case["ratio"].values()):
            assert len(times["rounds"]) == 2
            assert 0 < times["min"] <= times["median"] <= times["max"]
    assert result["cases"]["hello"]["aim"] == 2.0
    assert all(case in table for case in CASES)


def test_security_measures_requests_with_and_without(tmp_path):
    path = tmp_path / "security.json"
    table = succeed("security.py", "--rounds", "2", "--loops", "20", "--json", str(path))
    result = json.loads(path.read_text())
    assert result["instrument"] == "security" and len(result["cases"]) == 11
    for name, case in result["cases"].items():
        assert name in table
        for times in [*case["us"].values(), case["ratio"]]:
            assert len(times["rounds"]) == 2
            assert 0 < times["min"] <= times["median"] <= times["max"]


def test_asgi_measures_the_adapter_and_a_bare_function(tmp_path):
    path = tmp_path / "asgi.json"
    table = succeed("asgi.py", "--rounds", "2", "--loops", "20", "--json", str(path))
    result = json.loads(path.read_text())
    assert result["instrument"] == "asgi"
    assert {name: case["aim"] for name, case in result["cases"].items()} == {
        "hello": 3.0,
        "two parameters": 3.6,
        "1 KB of JSON": 1.3,
        "uvicorn": 1.2,
    }
    for name, case in result["cases"].items():
        assert name in table
        assert {"bare", "microdot"} <= set(case["us"])
        assert len(case["ratio"]["microdot"]["rounds"]) == 2


def test_wsgi_measures_requests_and_bare_ones(tmp_path):
    path = tmp_path / "wsgi.json"
    table = succeed("wsgi.py", "--rounds", "2", "--loops", "20", "--json", str(path))
    result = json.loads(path.read_text())
    assert result["instrument"] == "wsgi" and len(result["cases"]) == 7
    for name, case in result["cases"].items():
        assert name in table
        assert {"bare", "microdot", "microdot, inline=False"} <= set(case)
        assert case["bare"]["ratio"]["median"] == 1
        assert case["microdot"]["ratio"]["median"] > 1


def test_http_runs_one_case_and_contestant(tmp_path):
    path = tmp_path / "http.json"
    arguments = ["--rounds", "1", "--requests", "8", "--case", "post", "--json", str(path)]
    succeed("http11.py", "--contestant", "microdot", *arguments)
    case = json.loads(path.read_text())["cases"]
    assert list(case) == ["post"]
    assert set(case["post"]["cpu_us"]) == {"bare-protocol", "microdot"}


def test_http_upstream_needs_a_python():
    done = run("http11.py", "--contestant", "upstream")
    assert done.returncode == 2 and "--upstream-python" in done.stderr


def test_http_says_which_server_does_not_start():
    done = run("http11.py", "--case", "hello", "--upstream-python", "/bin/false")
    assert done.returncode == 1 and done.stderr.endswith("upstream, hello: the server has ended\n")


def test_profile_shows_core(tmp_path):
    path = tmp_path / "profile"
    arguments = ["--case", "params", "--requests", "80", "--lines", "60", "--save", str(path)]
    table = succeed("profile_http.py", *arguments)
    assert "dispatch.py" in table and "function calls" in table
    assert path.stat().st_size


def test_dispatch_measures_its_pieces(tmp_path):
    path = tmp_path / "dispatch.json"
    succeed("dispatch.py", "--loops", "20", "--json", str(path))
    result = json.loads(path.read_text())
    assert result["instrument"] == "dispatch"
    assert len(result["us"]) > 5 and all(value > 0 for value in result["us"].values())


def test_memory_measures(tmp_path):
    path = tmp_path / "memory.json"
    names = ["import_mpy", "app_10_routes", "request", "held", "heap_mpy"]
    arguments = [word for name in names for word in ("--only", name)]
    done = memory("--json", str(path), *arguments)
    assert done.returncode == 0, done.stderr
    result = json.loads(path.read_text())
    assert list(result["figures"]) == names
    measured = {name: result["figures"][name]["measured"] for name in names}
    assert all(value > 0 for value in measured.values())
    # What is held includes the import; a heap holds what is held.
    assert measured["import_mpy"] < measured["held"] < measured["heap_mpy"] * 1024
    assert result["mpy_sizes"]["microdot/application.mpy"] > 500


def test_memory_check_compares_with_limits(tmp_path):
    limits = tmp_path / "limits.json"
    arguments = ["--only", "import_mpy", "--limits", str(limits)]
    done = memory(*arguments, "--check")
    assert done.returncode == 1 and "without a limit" in done.stderr
    limits.write_text('{"import_mpy": 100}')
    done = memory(*arguments, "--check")
    assert done.returncode == 1 and "limit 100" in done.stderr
    assert memory(*arguments, "--set-limits").returncode == 0
    done = memory(*arguments, "--check")
    assert done.returncode == 0, done.stderr


def test_memory_limits_cover_every_figure(tmp_path):
    path = tmp_path / "memory.json"
    done = memory("--json", str(path))
    assert done.returncode == 0, done.stderr
    limits = json.loads((BENCHMARKS / "memory_limits.json").read_text())
    assert set(limits) == set(json.loads(path.read_text())["figures"])


def test_memory_lists_the_modules(tmp_path):
    path = tmp_path / "modules.json"
    done = memory("--modules", "--json", str(path))
    assert done.returncode == 0, done.stderr
    modules = {row["module"]: row for row in json.loads(path.read_text())["modules"]}
    assert modules["application"]["loaded"] == "import"
    assert modules["http11"]["loaded"] == "first request"
    assert not any(name.startswith("cpython") for name in modules)
    assert all(row["heap"] > 0 and row["mpy"] > 0 for row in modules.values())
