"""Errors, hooks and plugins (the contract, section 5; docs/plugins.md)."""

import json

from servers.conformance.case import Group
from servers.conformance.client import get, request

case = Group("Errors, hooks and plugins")


@case
def an_abort(served):
    reply = served.ask(get("/abort/403"))
    assert (reply.status, reply.body) == (403, b"403 error")


@case
def an_abort_with_a_reason(served):
    reply = served.ask(get("/abort-reason"))
    assert (reply.status, reply.body) == (409, b"there is one already")
    assert reply.headers["content-type"] == "text/plain; charset=UTF-8"


@case
def an_abort_with_a_handler(served):
    reply = served.ask(get("/abort/410"))
    assert (reply.status, json.loads(reply.body)) == (410, {"gone": "/abort/410"})


@case
def a_handler_that_fails_is_a_500_that_tells_nothing(served):
    for path in ("/fail", "/fail-plain"):
        reply = served.ask(get(path))
        assert (reply.status, reply.body) == (500, b"Internal server error")


@case
def the_handler_of_an_exception(served):
    reply = served.ask(get("/teapot"))
    assert (reply.status, reply.headers["x-tea"]) == (418, "yes")
    assert json.loads(reply.body) == {"error": "short and stout"}


@case
def hooks_after_errors(served):
    for path in ("/missing", "/fail", "/abort/403", "/teapot"):
        assert served.ask(get(path)).headers["x-after-error"] == "yes"
    assert "x-after-error" not in served.ask(get("/")).headers


@case
def before_and_after_in_their_order(served):
    assert served.ask(get("/hooks/")).headers["x-order"] == "before,plain,handler,after"


@case
def a_before_hook_that_answers(served):
    reply = served.ask(get("/hooks/?stop=1"))
    assert (reply.status, reply.body) == (403, b"stopped")
    assert reply.headers["x-order"] == "before,after"


@case
def an_after_hook_that_changes_the_body(served):
    reply = served.ask(get("/hooks/body"))
    assert reply.body == b"short, and more"
    assert reply.headers["content-length"] == "15"


@case
def an_after_hook_that_fails(served):
    reply = served.ask(get("/hooks/?fail=1"))
    assert (reply.status, reply.body) == (500, b"Internal server error")


@case
def hooks_of_a_mounted_application_are_its_own(served):
    assert "x-order" not in served.ask(get("/")).headers


@case
def error_handlers_of_a_mounted_application_are_its_own(served):
    assert served.ask(get("/hooks/missing")).body == b"not in here"
    assert served.ask(get("/abort/404")).body == b"404 error"


@case
def a_plugin_sees_every_response(served):
    for data in (
        get("/"),
        get("/missing"),
        get("/fail"),
        get("/stream"),
        get("/static/digits.txt"),
        request("OPTIONS", "/"),
        request("POST", "/echo", body=b"x" * 20001),
    ):
        assert served.ask(data).headers["x-plugin"] == "seen"
