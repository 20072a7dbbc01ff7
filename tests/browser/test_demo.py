"""The demo application in a real browser, served by CPython and by MicroPython."""

import os
import pathlib
import time

import driver
import pytest
from driver import until
from harness import PLATFORMS

DEMO = pathlib.Path(__file__).resolve().parents[2] / "examples/demo/app.py"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    started = driver.start(tmp_path_factory.mktemp("profile"))
    yield started
    started.quit()


@pytest.fixture(scope="module", params=PLATFORMS)
def site(request):
    server = PLATFORMS[request.param](app=DEMO)
    server.address = "http://127.0.0.1:%d" % server.port
    server.platform = request.param
    yield server
    output = server.stop()
    assert "Traceback" not in output, output


def text(browser, selector):
    return browser.find_element("css selector", selector).text


def errors(browser):
    """Return what the page complained of since the last look."""
    return [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def test_the_first_page_works(browser, site):
    browser.get(site.address)
    until(lambda: "Served by " + site.platform in text(browser, "#about"))
    browser.find_element("css selector", "[data-run=hello] button").click()
    until(lambda: "Hello, Ada Lovelace!" in text(browser, "#hello"))
    assert errors(browser) == []
    links = [link.get_attribute("href") for link in browser.find_elements("css selector", "nav a")]
    assert links == [
        site.address + path
        for path in (
            "/upload",
            "/chat",
            "/ticker",
            "/account",
            "/cross-origin",
            "/greeting/you",
        )
    ]


def test_files_are_uploaded_with_progress(browser, site, tmp_path):
    browser.get(site.address + "/upload")
    expected = ["title: Grüße"]
    paths = []
    size = 3_000_000 if site.platform == "cpython" else 300_000
    for name, data in (('quo"te ü.txt', b"hello\r\n"), ("big.bin", os.urandom(size)), ("no", b"")):
        path = tmp_path / name
        path.write_bytes(data)
        paths.append(str(path))
        expected.append("%d bytes, checksum %d" % (len(data), sum(data) % 65536))
    title = browser.find_element("name", "title")
    title.clear()
    title.send_keys("Grüße")
    browser.find_element("name", "files").send_keys("\n".join(paths))
    browser.find_element("css selector", "#upload button").click()
    result = until(lambda: "checksum" in text(browser, "#result") and text(browser, "#result"))
    for line, end in zip(result.splitlines(), expected):
        assert line.endswith(end), result
    assert "big.bin: " in result
    progress = browser.find_element("id", "progress")
    assert float(progress.get_attribute("value")) == 1
    assert int(progress.get_attribute("data-steps")) >= 1
    assert errors(browser) == []


def test_two_windows_chat(browser, site):
    browser.get(site.address + "/chat")
    until(lambda: text(browser, "#state") == "You are alone here.")
    first = browser.current_window_handle
    browser.switch_to.new_window("tab")
    browser.get(site.address + "/chat")
    until(lambda: text(browser, "#state") == "2 of you are here.")
    browser.find_element("name", "text").send_keys("hello <b>you</b> €")
    browser.find_element("css selector", "#say button").click()
    until(lambda: text(browser, "#messages") == "hello <b>you</b> €")
    browser.switch_to.window(first)
    until(lambda: text(browser, "#messages") == "hello <b>you</b> €")
    browser.find_element("name", "text").send_keys("same to you")
    browser.find_element("css selector", "#say button").click()
    until(lambda: "same to you" in text(browser, "#messages"))
    for handle in browser.window_handles:
        if handle != first:
            browser.switch_to.window(handle)
            until(lambda: "same to you" in text(browser, "#messages"))
            browser.close()
    browser.switch_to.window(first)
    until(lambda: text(browser, "#state") == "You are alone here.")
    assert errors(browser) == []


def test_a_page_of_another_origin_may_not_join_the_chat(browser, site):
    browser.get("data:text/html,<title>foreign</title>")
    code = browser.execute_async_script(
        "const done = arguments[1];"
        "new WebSocket(arguments[0]).onclose = (event) => done(event.code);",
        site.address.replace("http", "ws") + "/api/chat",
    )
    assert code == 1006
    errors(browser)


def test_the_ticker_ticks_and_stops(browser, site):
    browser.get(site.address + "/ticker")
    until(lambda: text(browser, "#state") == "Live")
    until(lambda: text(browser, "#number").isdigit() and int(text(browser, "#number")) >= 3)
    button = browser.find_element("css selector", "#control button")
    button.click()
    assert text(browser, "#state") == "Stopped"
    stopped = text(browser, "#number")
    time.sleep(1.2)
    assert text(browser, "#number") == stopped
    button.click()
    until(
        lambda: text(browser, "#number") not in (stopped, "") and text(browser, "#state") == "Live"
    )
    assert errors(browser) == []


def test_nobody_is_served_worse_when_the_pages_are_left(browser, site):
    for path in ("/chat", "/ticker", "/chat", "/ticker"):
        browser.get(site.address + path)
        until(lambda: "…" not in text(browser, "#state"))
    browser.get(site.address)
    until(lambda: "Served by" in text(browser, "#about"))
    browser.get(site.address + "/chat")
    until(lambda: text(browser, "#state") == "You are alone here.")
