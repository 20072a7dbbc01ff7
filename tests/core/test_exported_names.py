"""The import surface and the signatures that applications rely on (contract sections 1, 3, 7 to 10, 21)."""

import importlib
import inspect

import microdot
import pytest
from microdot import Microdot, Request, Response, URLPattern
from microdot.microdot import MultiDict, NoCaseDict
from microdot.test_client import TestClient, TestResponse

NAMES = {
    "microdot": "Microdot Request Response URLPattern AsyncBytesIO abort redirect send_file"
    " iscoroutine __version__",
    "microdot.microdot": "Microdot Request Response URLPattern AsyncBytesIO abort redirect send_file"
    " iscoroutine HTTPException MultiDict NoCaseDict urlencode urldecode invoke_handler mro"
    " print_exception MUTED_SOCKET_ERRORS iscoroutinefunction",
    "microdot.helpers": "wraps",
    "microdot.test_client": "TestClient TestResponse",
}


@pytest.mark.parametrize("module", NAMES)
def test_the_names_are_there(module):
    for name in NAMES[module].split():
        assert hasattr(importlib.import_module(module), name), name


@pytest.mark.parametrize("module", NAMES)
def test_all_lists_what_there_is(module):
    loaded = importlib.import_module(module)
    for name in loaded.__all__:
        assert hasattr(loaded, name), name


def test_the_test_client_exports_two_names():
    assert importlib.import_module("microdot.test_client").__all__ == ["TestClient", "TestResponse"]


def test_names_that_are_the_same_object():
    assert microdot.abort is Microdot.abort
    assert microdot.redirect == Response.redirect
    assert microdot.send_file == Response.send_file


def test_values():
    assert importlib.import_module("microdot.microdot").MUTED_SOCKET_ERRORS == [32, 54, 104, 128]
    assert (Request.max_content_length, Request.max_body_length) == (16384, 16384)
    assert Request.max_readline == 2048
    assert Response.send_file_buffer_size == 1024
    assert Response.default_content_type == "text/plain"
    assert Response.default_send_file_max_age is None
    types = "css gif html jpg js json png txt svg"
    assert sorted(Response.types_map) == sorted(types.split())
    assert Response.types_map["js"] == "application/javascript"
    assert TestClient.__test__ is TestResponse.__test__ is False


def test_initial_attributes_of_an_application():
    app = Microdot()
    assert app.url_map == app.before_request_handlers == app.after_request_handlers == []
    assert (app.after_error_request_handlers, app.error_handlers) == ([], {})
    assert (app.ssl, app.debug, app.server) == (False, False, None)
    assert app.options_handler is not None
    app.get("/x")(len)
    methods, pattern, handler, prefix, subapp = app.url_map[0]
    assert (methods, handler, prefix, subapp) == (["GET"], len, "", None)
    assert isinstance(pattern, URLPattern)


NEEDED = inspect.Parameter.empty
SIGNATURES = [
    (Microdot.route, "url_pattern methods=None"),
    (Microdot.mount, "subapp url_prefix='' local=False"),
    (Microdot.abort, "status_code reason=None"),
    (Microdot.start_server, "host='0.0.0.0' port=5000 debug=False ssl=None start_serving=True"),
    (Microdot.run, "host='0.0.0.0' port=5000 debug=False ssl=None"),
    (Microdot.find_route, "req"),
    (Microdot.default_options_handler, "req"),
    (Microdot.handle_request, "reader writer"),
    (Microdot.get_request_handlers, "req attr local_first=True"),
    (Microdot.error_response, "req status_code reason=None"),
    (
        Request,
        "app client_addr method url http_version headers body=None stream=None sock=None"
        " url_prefix='' subapp=None scheme=None route=None",
    ),
    (Request.create, "app client_reader client_writer client_addr scheme=None"),
    (Response, "body=b'' status_code=200 headers=None reason=None"),
    (
        Response.set_cookie,
        "cookie value path=None domain=None expires=None max_age=None secure=False"
        " http_only=False partitioned=False",
    ),
    (Response.redirect, "location status_code=302"),
    (
        Response.send_file,
        "filename status_code=200 content_type=None stream=None max_age=None compressed=False"
        " file_extension=''",
    ),
    (URLPattern, "url_pattern"),
    (URLPattern.register_type, "type_name pattern='[^/]+' parser=None"),
    (MultiDict, "initial_dict=None"),
    (MultiDict.get, "key default=None type=None"),
    (MultiDict.getlist, "key type=None"),
    (NoCaseDict, "initial_dict=None"),
    (TestClient, "app cookies=None scheme=None host=None"),
    (TestClient.request, "method path headers=None body=None sock=None"),
    (TestClient.get, "path headers=None"),
    (TestClient.post, "path headers=None body=None"),
    (TestClient.websocket, "path client headers=None"),
]


@pytest.mark.parametrize(("function", "expected"), SIGNATURES, ids=lambda value: str(value)[:60])
def test_signatures(function, expected):
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    wanted = expected.split()
    shown = [
        p.name if p.default is NEEDED else "%s=%r" % (p.name, p.default)
        for p in parameters[: len(wanted)]
    ]
    assert shown == wanted
    # What ours has beyond that may be left out.
    for parameter in parameters[len(wanted) :]:
        assert parameter.default is not NEEDED or parameter.kind is parameter.VAR_KEYWORD


def test_the_websocket_client_names_what_is_missing(monkeypatch):
    import asyncio
    import sys

    monkeypatch.setitem(sys.modules, "microdot.websocket.testing", None)
    with pytest.raises(ImportError, match="microdot-websocket"):
        asyncio.run(TestClient(Microdot()).websocket("/", None))


def test_lower_level_methods():
    import asyncio

    app, sub = Microdot(), Microdot()

    @sub.get("/x")
    async def handler(request):
        return "x"

    @sub.before_request
    async def before(request):
        return None

    app.mount(sub, "/sub", local=True)
    request = Request(app, None, "GET", "/sub/x", "1.1", {})
    assert app.find_route(request) == (handler, "/sub", sub)
    assert app.find_route(Request(app, None, "GET", "/y", "1.1", {}))[0] == 404
    assert app.find_route(Request(app, None, "POST", "/sub/x", "1.1", {}))[0] == 405
    options = app.find_route(Request(app, None, "OPTIONS", "/sub/x", "1.1", {}))[0]
    assert options == {"Allow": "GET, HEAD, OPTIONS"}
    assert app.get_request_handlers(request, "before_request") == [before]
    assert asyncio.run(app.error_response(request, 404)) == ("N/A", 404)
    assert asyncio.run(app.error_response(request, 404, "why")) == ("why", 404)
