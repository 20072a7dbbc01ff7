"""A browser's EventSource, and Node, read event streams of both platforms."""

import json
import os
import pathlib
import shutil
import subprocess

import driver
import pytest
from harness import PLATFORMS

SSE = pathlib.Path(__file__).resolve().parents[1] / "sse"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = driver.start(tmp_path_factory.mktemp("profile"))
    yield started
    started.quit()


@pytest.fixture(scope="module", params=PLATFORMS)
def served(request):
    server = PLATFORMS[request.param](app=SSE / "sse_app.py")
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


COLLECT = """
const done = arguments[arguments.length - 1];
const [path, count] = arguments;
const found = [];
const source = new EventSource(path);
for (const type of ["message", "lines", "back", "welcome", "said"]) {
  source.addEventListener(type, (event) => {
    found.push([type, event.data, event.lastEventId]);
    if (found.length === count) { source.close(); done(found); }
  });
}
"""


def test_the_browser_comes_back_with_the_id_of_the_last_event(browser, served):
    browser.get("http://127.0.0.1:%d/page" % served.port)
    browser.set_script_timeout(20)
    lines, euro, back = browser.execute_async_script(COLLECT, "/once", 3)
    assert lines == ["lines", "line 1\nline 2", ""]
    # The platforms' JSON encoders differ in what they escape.
    assert (euro[0], json.loads(euro[1]), euro[2]) == ("message", {"euro": "€"}, "id € 1")
    assert back == ["back", "back after id € 1", "id € 1"]


def test_events_arrive_in_order_and_the_browser_can_leave(browser, served):
    browser.get("http://127.0.0.1:%d/page" % served.port)
    browser.set_script_timeout(20)
    found = browser.execute_async_script(COLLECT, "/count/500", 500)
    assert [json.loads(data)["number"] for _, data, _ in found] == list(range(500))
    assert browser.execute_async_script(COLLECT, "/join", 1) == [["welcome", "welcome", ""]]


@pytest.fixture(scope="module")
def node():
    """Return a function that runs a script in Node."""
    command = shutil.which("node") or shutil.which("nodejs")
    if command is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Node is not installed")
        pytest.skip("Node is not installed")

    def run(*words):
        done = subprocess.run(
            [command, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


def test_nodes_fetch_reads_the_stream(served, node):
    result = node(str(SSE / "fetch.mjs"), "http://127.0.0.1:%d/count/20" % served.port)
    assert result["type"] == "text/event-stream"
    assert result["events"] == [
        ["id: %d" % number, 'data: {"number": %d}' % number] for number in range(20)
    ]


def test_nodes_event_source(served, node):
    """Node has one from 20.18 and 22.3 on, behind an option."""
    flag = "--experimental-eventsource"
    try:
        node(flag, "-p", "typeof EventSource === 'function' && 1")
    except AssertionError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("this Node has no EventSource")
    address = "http://127.0.0.1:%d/count/20" % served.port
    assert node(flag, str(SSE / "eventsource.mjs"), address, "20") == [
        ['{"number": %d}' % number, str(number)] for number in range(20)
    ]
