"""Plugins of mounted applications: layers, order, moves, refusals. On both platforms."""

import asyncio

from microdot import Microdot
from microdot.hooks import PluginError
from microdot.test_client import TestClient


class Named:
    """Writes down which of its hooks was called."""

    def __init__(self, name, log):
        self.name = name
        self.log = log

    def microdot_startup(self, app):
        self.log.append("startup " + self.name)

    def microdot_request(self, app, request):
        self.log.append("request " + self.name)

    def microdot_response(self, app, request, response):
        self.log.append("response " + self.name)

    def microdot_drain(self, app):
        self.log.append("drain " + self.name)

    def microdot_shutdown(self, app):
        self.log.append("shutdown " + self.name)


def make_app(log):
    app = Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        log.append("handler")
        return "handler"

    return app


def ask(app, path="/"):
    return asyncio.run(TestClient(app).get(path))


def lifecycle(app, hook):
    plan = app._compile()
    if plan:
        asyncio.run(plan.run_lifecycle(hook))


def nested(log):
    app, middle, inner = make_app(log), make_app(log), make_app(log)
    inner.use(Named("inner", log))
    middle.use(Named("middle", log))
    app.use(Named("app", log))
    middle.mount(inner, "/inner", local=True)
    app.mount(middle, "/middle", local=True)
    return app


def test_hooks_of_nested_local_mounts_are_layers():
    log = []
    ask(nested(log), "/middle/inner/")
    assert log == [
        "request app",
        "request middle",
        "request inner",
        "handler",
        "response inner",
        "response middle",
        "response app",
    ]


def test_hooks_of_other_mounts_are_left_out():
    log = []
    ask(nested(log), "/")
    assert log == ["request app", "handler", "response app"]


def test_startup_goes_inwards_through_mounts_and_shutdown_outwards():
    log = []
    app = nested(log)
    for hook in ("startup", "drain", "shutdown"):
        lifecycle(app, "microdot_" + hook)
    assert log == [
        "startup app",
        "startup middle",
        "startup inner",
        "drain inner",
        "drain middle",
        "drain app",
        "shutdown inner",
        "shutdown middle",
        "shutdown app",
    ]


def test_an_application_mounted_twice_has_its_hooks_called_once():
    log = []
    app, sub = make_app(log), make_app(log)
    sub.use(Named("sub", log))
    app.mount(sub, "/one", local=True)
    app.mount(sub, "/two", local=True)
    for path in ("/one/", "/two/"):
        del log[:]
        ask(app, path)
        assert log == ["request sub", "handler", "response sub"]
    del log[:]
    lifecycle(app, "microdot_startup")
    assert log == ["startup sub"]


def test_a_mount_with_a_plugin_of_the_same_name_changes_nothing():
    log = []
    app, sub = make_app(log), make_app(log)
    app.use(Named("session", log))
    sub.use(Named("other", log))
    sub.use(Named("session", log))
    sub.before_request(lambda request: "before")
    routes = len(app.url_map)
    try:
        app.mount(sub, "/sub")
    except PluginError as error:
        assert "'session'" in str(error)
    else:
        raise AssertionError("not refused")
    assert len(app.url_map) == routes
    assert app.before_request_handlers == []
    assert list(app.plugins) == ["session"]
    assert sorted(sub.plugins) == ["other", "session"]
    assert ask(app, "/sub/").status_code == 404


def test_a_plugin_of_a_mounted_application_moves_to_its_parent():
    log = []
    app, sub = make_app(log), make_app(log)
    sub.use(Named("sub", log))
    ask(sub)
    app.mount(sub, "/sub")
    for path in ("/", "/sub/"):
        del log[:]
        ask(app, path)
        assert log == ["request sub", "handler", "response sub"]
    # It acts on the mounted application alone no longer.
    del log[:]
    ask(sub)
    assert log == ["handler"]


def test_a_plugin_that_is_added_later_takes_part():
    log = []
    app, sub = make_app(log), make_app(log)
    app.mount(sub, "/sub", local=True)
    ask(app, "/sub/")
    sub.use(Named("sub", log))
    del log[:]
    ask(app, "/sub/")
    assert log == ["request sub", "handler", "response sub"]


def test_a_plugin_without_request_hooks_is_not_asked():
    class Goodbye:
        name = "goodbye"

        def microdot_shutdown(self, app):
            log.append("goodbye")

    log = []
    app = make_app(log)
    app.use(Goodbye())
    ask(app)
    plan = app._compile()
    assert (plan.request, plan.response) == (False, False)
    lifecycle(app, "microdot_shutdown")
    assert log == ["handler", "goodbye"]


def test_find_plugin_tells_what_is_in_use():
    log = []
    app = make_app(log)
    plugin = app.use(Named("one", log))
    ask(app)
    assert app.find_plugin("one") is plugin
    assert app.find_plugin("two") is None
    assert make_app(log).find_plugin("one") is None


def test_a_startup_hook_that_raises_stops_the_start():
    class Failing:
        name = "failing"

        async def microdot_startup(self, app):
            raise ValueError("no database")

    log = []
    app = make_app(log)
    app.use(Failing())
    app.use(Named("later", log))
    try:
        lifecycle(app, "microdot_startup")
    except ValueError as error:
        assert str(error) == "no database"
    else:
        raise AssertionError("not raised")
    assert log == []


def test_what_is_no_response_from_a_hook_is_a_500():
    class Wrong:
        name = "wrong"

        def microdot_request(self, app, request):
            return ()

    app = make_app([])
    app.use(Wrong())
    assert ask(app).status_code == 500


def test_the_request_hook_knows_the_route():
    seen = []

    class Watcher:
        name = "watcher"

        def microdot_request(self, app, request):
            seen.append(request.route)

    app = make_app([])
    app.use(Watcher())
    for method, path in (("GET", "/"), ("HEAD", "/"), ("PUT", "/"), ("GET", "/missing")):
        asyncio.run(TestClient(app).request(method, path))
    index = app.url_map[0][2]
    assert seen == [index, index, None, None]
