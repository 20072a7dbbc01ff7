"""What a real browser does with cookies, logins, forged forms and other origins."""

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
def sites(request):
    """Return the addresses of the demo: itself, another origin of its site, and another site."""
    servers = [PLATFORMS[request.param](app=DEMO) for _ in range(2)]
    addresses = ["http://127.0.0.1:%d" % server.port for server in servers]
    yield [*addresses, "http://localhost:%d" % servers[0].port]
    for server in servers:
        output = server.stop()
        assert "Traceback" not in output, output


@pytest.fixture
def home(browser, sites):
    """Return the address of the demo, with a browser that was never there."""
    browser.get(sites[0] + "/static/icon.svg")
    browser.delete_all_cookies()
    return sites[0]


def find(browser, selector):
    return browser.find_element("css selector", selector)


def log_in(browser, home, password="lovelace", remember=False):
    """Fill in the form of the login page that is shown, or of the address."""
    if "/login" not in browser.current_url:
        browser.get(home + "/login?next=/account")
    find(browser, "[name=name]").clear()
    find(browser, "[name=name]").send_keys("ada")
    find(browser, "[name=password]").send_keys(password)
    if remember:
        find(browser, "[name=remember]").click()
    find(browser, "#login button").click()


def who(browser, home):
    """Return what the page of the user says."""
    until(lambda: browser.current_url == home + "/account")
    return until(lambda: "look number" in find(browser, "#who").text and find(browser, "#who").text)


def body(browser):
    return find(browser, "body").text


def ask(browser, page, target, path, method="GET", credentials=False):
    """Have the page of one origin ask another one; return what it was given to read."""
    browser.get("%s/cross-origin?origin=%s" % (page, target))
    for name, value in (("path", path), ("method", method)):
        for option in browser.find_elements("css selector", "[name=%s] option" % name):
            if option.get_attribute("value") == value:
                option.click()
    if credentials:
        find(browser, "[name=credentials]").click()
    find(browser, "#ask button").click()
    text = until(
        lambda: find(browser, "#answer").text not in ("", "Asking …") and body_of_answer(browser)
    )
    # What a browser refuses, it says in its log.
    browser.get_log("browser")
    return text


def body_of_answer(browser):
    return find(browser, "#answer").text


def forge(browser, page, target, motto):
    """Have the page of one origin post a form to another one; return what came of it."""
    browser.get("%s/cross-origin?origin=%s" % (page, target))
    field = find(browser, "[name=motto]")
    field.clear()
    field.send_keys(motto)
    find(browser, "#forge button").click()
    until(lambda: browser.current_url.startswith(target))
    return body(browser)


def test_a_page_for_users_leads_to_the_login_and_back(browser, home):
    browser.get(home + "/account")
    assert browser.current_url == home + "/login?next=/account"
    log_in(browser, home, "wrong")
    until(lambda: find(browser, "[role=alert]").is_displayed())
    assert browser.get_cookie("session") is None
    log_in(browser, home)
    assert who(browser, home) == "You are ada, logged in with a password; look number 1."
    browser.refresh()
    assert who(browser, home) == "You are ada, logged in with a password; look number 2."


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(browser, home):
    log_in(browser, home, remember=True)
    who(browser, home)
    session, remember = browser.get_cookie("session"), browser.get_cookie("_remember")
    for cookie in (session, remember):
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    assert "expiry" not in session
    assert abs(remember["expiry"] - time.time() - 30 * 86400) < 60
    assert browser.execute_script("return document.cookie") == ""


def test_who_is_remembered_types_the_password_for_what_is_fresh(browser, home):
    log_in(browser, home, remember=True)
    who(browser, home)
    # What closing the browser does.
    browser.delete_cookie("session")
    browser.get(home + "/account")
    assert "ada, remembered; look number 1" in who(browser, home)
    browser.get(home + "/account/secret")
    assert browser.current_url == home + "/login?next=/account/secret"
    log_in(browser, home)
    assert until(lambda: "secret" in browser.current_url and body(browser)) == (
        "The secret of ada: 42."
    )


def test_who_logs_out_is_not_remembered(browser, home):
    log_in(browser, home, remember=True)
    who(browser, home)
    remembered = browser.get_cookie("_remember")
    find(browser, "#logout button").click()
    until(lambda: browser.current_url == home + "/")
    assert browser.get_cookie("_remember") is None
    # Not even with a copy of the cookie.
    browser.add_cookie({"name": "_remember", "value": remembered["value"], "path": "/"})
    browser.get(home + "/account")
    assert browser.current_url == home + "/login?next=/account"


def test_a_form_of_the_site_itself_is_accepted(browser, home):
    log_in(browser, home)
    who(browser, home)
    field = find(browser, "[name=motto]")
    field.clear()
    field.send_keys("Grüße & <b>")
    find(browser, "#motto button").click()
    until(lambda: "look number 2" in find(browser, "#who").text)
    assert find(browser, "[name=motto]").get_attribute("value") == "Grüße & <b>"


@pytest.mark.parametrize("other", [1, 2], ids=["same-site", "cross-site"])
def test_a_forged_form_is_refused(browser, home, sites, other):
    log_in(browser, home)
    who(browser, home)
    assert forge(browser, sites[other], home, "forged") == "Forbidden"
    browser.get_log("browser")
    browser.get(home + "/account")
    who(browser, home)
    assert find(browser, "[name=motto]").get_attribute("value") != "forged"


def test_cookies_go_along_within_the_site_only(browser, home, sites):
    log_in(browser, home)
    who(browser, home)
    answer = ask(browser, sites[1], home, "/api/partner", credentials=True)
    assert answer == '200, X-Method: GET\n{"user": "ada"}'
    # SameSite=Lax: a fetch of another site goes without them, a link does not.
    answer = ask(browser, sites[2], home, "/api/partner", credentials=True)
    assert answer == '200, X-Method: GET\n{"user": null}'
    browser.execute_script("location.assign(arguments[0])", home + "/account")
    assert "You are ada" in who(browser, home)


def test_without_credentials_no_cookies_go_along(browser, home, sites):
    log_in(browser, home)
    who(browser, home)
    answer = ask(browser, sites[1], home, "/api/partner")
    assert answer == '200, X-Method: GET\n{"user": null}'


def test_what_is_open_to_all_can_be_read_but_not_with_credentials(browser, home, sites):
    assert ask(browser, sites[1], home, "/api/open") == '200\n{"data": "for everybody"}'
    refused = ask(browser, sites[1], home, "/api/open", credentials=True)
    assert refused == "The browser refused: Failed to fetch"


def test_what_allows_no_origin_cannot_be_read(browser, home, sites):
    for other in sites[1:]:
        answer = ask(browser, other, home, "/api/private")
        assert answer == "The browser refused: Failed to fetch"
    assert "this origin only" in ask(browser, home, home, "/api/private")


def test_a_preflight_allows_some_methods(browser, home, sites):
    answer = ask(browser, sites[2], home, "/api/partner", "PUT")
    assert answer == '200, X-Method: PUT\n{"user": null}'
    refused = ask(browser, sites[2], home, "/api/partner", "DELETE")
    assert refused == "The browser refused: Failed to fetch"
    refused = ask(browser, sites[2], home, "/api/private", "PUT")
    assert refused == "The browser refused: Failed to fetch"
