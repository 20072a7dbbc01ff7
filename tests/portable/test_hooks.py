"""The plugin contract, as design: hooks, order, checks, isolation. Runs on both platforms."""

import asyncio

from microdot import Microdot, abort
from microdot.final import when_final
from microdot.hooks import HOOKS, PluginError, Registrar, sort_plugins
from microdot.test_client import TestClient


def make_app(**options):
    options.setdefault("autoload", False)
    app = Microdot(**options)

    @app.get("/")
    async def index(request):
        app.log.append("handler")
        return "handler"

    @app.get("/fail")
    async def fail(request):
        raise ValueError("on purpose")

    @app.post("/post")
    async def post(request):
        return "post"

    app.log = []
    return app


def ask(app, path="/", method="GET", **options):
    return asyncio.run(TestClient(app).request(method, path, **options))


def refused(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except PluginError as error:
        return str(error)
    raise AssertionError("not refused")


class Logger:
    """Notes every call with its arguments."""

    def __init__(self, name, log, **declarations):
        self.name = name
        self.log = log
        for key in declarations:
            setattr(self, key, declarations[key])

    def microdot_setup(self, app):
        self.log.append("setup " + self.name)

    async def microdot_startup(self, app):
        self.log.append("startup " + self.name)

    async def microdot_request(self, app, request):
        self.log.append("request " + self.name)

    def microdot_response(self, app, request, response):
        self.log.append("response " + self.name)

    async def microdot_error(self, app, request, error):
        self.log.append("error " + self.name)

    def microdot_drain(self, app):
        self.log.append("drain " + self.name)

    def microdot_shutdown(self, app):
        self.log.append("shutdown " + self.name)


def test_every_hook_is_called_in_onion_order():
    app = make_app()
    for name in ("a", "b"):
        app.use(Logger(name, app.log))
    assert ask(app).text == "handler"
    assert ask(app, "/fail").status_code == 500
    plan = app._plan
    for hook in ("microdot_startup", "microdot_drain", "microdot_shutdown"):
        asyncio.run(plan.run_lifecycle(hook))
    assert app.log == [
        "setup a", "setup b",
        "request a", "request b", "handler", "response b", "response a",
        "request a", "request b", "error b", "error a", "response b", "response a",
        "startup a", "startup b", "drain b", "drain a", "shutdown b", "shutdown a",
    ]  # fmt: skip


def test_the_hooks_are_outside_the_handlers_of_the_application():
    app = make_app()
    app.use(Logger("p", app.log))

    @app.before_request
    async def before(request):
        app.log.append("before")

    @app.after_request
    async def after(request, response):
        app.log.append("after")

    ask(app)
    assert app.log == ["setup p", "request p", "before", "handler", "after", "response p"]


def test_use_returns_the_plugin_and_lists_it():
    app = make_app()
    plugin = Logger("p", app.log)
    assert app.use(plugin) is plugin
    assert app.plugins == {"p": plugin}


def test_a_class_is_used_with_its_options():
    app = make_app()
    plugin = app.use(Logger, name="p", log=app.log)
    assert app.plugins["p"] is plugin
    assert "Logger" in refused(app.use, Logger("q", app.log), option=1)


def test_the_default_name_is_that_of_the_class():
    class MyPlugin:
        def microdot_startup(self, app):
            pass

    app = make_app()
    app.use(MyPlugin())
    assert list(app.plugins) == ["myplugin"]


def test_declared_relations_change_the_order():
    for declarations, expected in (
        (({}, {"before": ("a",)}, {}), "bac"),
        (({"after": ("c",)}, {}, {}), "bca"),
        (({"requires": ("c",)}, {}, {}), "bca"),
        (({"before": ("unknown",)}, {"after": ("unknown",)}, {}), "abc"),
    ):
        app = make_app()
        for name, declared in zip("abc", declarations):
            app.use(Logger(name, [], **declared))
        ask(app)
        assert "".join([name for name, _ in app._plugins.order]) == expected


def test_hook_order_settles_one_hook():
    app = make_app()
    where = {"a": {}, "b": {"microdot_request": "first"}, "c": {"microdot_response": "first"}}
    for name in ("a", "b", "c"):
        app.use(Logger(name, app.log, hook_order=where[name]))
    del app.log[:]
    ask(app)
    assert app.log[:3] == ["request b", "request a", "request c"]
    assert app.log[4:] == ["response c", "response b", "response a"]
    app = make_app()
    app.use(Logger("a", app.log, hook_order={"microdot_request": "last"}))
    app.use(Logger("b", app.log))
    del app.log[:]
    ask(app)
    assert app.log[:2] == ["request b", "request a"]


def test_relations_that_cannot_be_met():
    app = make_app()
    app.use(Logger("a", [], requires=("b",)))
    text = refused(lambda: app.plugins)
    assert "'a'" in text
    assert "'b'" in text
    app.use(Logger("b", [], requires=("a",)))
    text = refused(lambda: app.plugins)
    assert "cycle" in text
    assert "'a' -> 'b' -> 'a'" in text or "'b' -> 'a' -> 'b'" in text
    app = make_app()
    app.use(Logger("a", [], conflicts=("b",)))
    app.use(Logger("b", []))
    text = refused(lambda: app.plugins)
    assert "'a' and 'b'" in text


def test_sorting_is_stable():
    class Plugin:
        pass

    plugins = [(name, Plugin()) for name in "dbca"]
    assert sort_plugins(plugins) == plugins


def test_a_name_is_used_once():
    app = make_app()
    app.use(Logger("p", []))
    assert "'p'" in refused(app.use, Logger("p", []))


def test_all_faults_at_once_with_a_suggestion():
    class Wrong:
        name = "wrong"
        requires = "text"
        hook_order = {"microdot_request": "middle"}
        microdot_response = 3

        def microdot_reqest(self, app, request):
            pass

    text = refused(make_app().use, Wrong())
    for part in ("'wrong'", "microdot_reqest", "did you mean microdot_request?", "requires",
                 "'middle'", "microdot_response is not callable"):  # fmt: skip
        assert part in text, (part, text)


def test_an_object_without_hooks_is_refused():
    text = refused(make_app().use, object())
    for hook in HOOKS:
        assert hook in text


def test_a_setup_that_fails_leaves_nothing_behind():
    class Failing:
        name = "failing"

        def microdot_setup(self, app):
            app.new_attribute = 1
            app.before_request(lambda request: "answered")
            app.get("/new")(lambda request: "new")
            app.errorhandler(404)(lambda request: "changed")
            app.options_handler = None
            raise RuntimeError("on purpose")

    app = make_app()
    routes = len(app.url_map)
    try:
        app.use(Failing())
    except RuntimeError:
        pass
    assert not hasattr(app, "new_attribute")
    assert len(app.url_map) == routes
    assert app.options_handler is not None
    assert ask(app).text == "handler"
    assert ask(app, "/new").status_code == 404
    assert app.plugins == {}


def test_an_async_setup_is_refused():
    class Async:
        name = "async"

        async def microdot_setup(self, app):
            pass

    assert "microdot_startup" in refused(make_app().use, Async())


def test_a_request_hook_may_answer():
    class Answer:
        name = "answer"

        def microdot_request(self, app, request):
            return {"answered": True}, 203

    app = make_app()
    app.use(Logger("a", app.log))
    app.use(Answer())
    app.use(Logger("b", app.log))
    del app.log[:]
    res = ask(app)
    assert (res.status_code, res.json) == (203, {"answered": True})
    assert app.log == ["request a", "response b", "response a"]


def test_request_hooks_run_for_paths_without_a_route():
    app = make_app()
    app.use(Logger("p", app.log))
    del app.log[:]
    assert ask(app, "/unknown").status_code == 404
    assert app.log == ["request p", "error p", "response p"]


def test_response_hooks_see_every_response():
    class Mark:
        name = "mark"
        seen = []

        def microdot_response(self, app, request, response):
            self.seen.append((request is None, response.status_code))
            response.headers["X-Mark"] = "1"

    app = make_app()
    app.use(Mark())
    for path, method, options, status in (
        ("/", "GET", {}, 200),
        ("/unknown", "GET", {}, 404),
        ("/", "POST", {}, 405),
        ("/post", "POST", {"headers": {"Content-Length": "99999"}}, 413),
        ("/fail", "GET", {}, 500),
        ("/", "OPTIONS", {}, 200),
        ("/", "HEAD", {}, 200),
    ):
        res = ask(app, path, method, **options)
        assert (res.status_code, res.headers["X-Mark"]) == (status, "1")
    res = asyncio.run(app.dispatch_request(None))
    assert (res.status_code, res.headers["X-Mark"]) == (400, "1")
    assert Mark.seen[-1] == (True, 400)


def test_response_hooks_may_replace():
    class Replace:
        name = "replace"

        async def microdot_response(self, app, request, response):
            return "replaced", 299

    app = make_app()
    app.use(Replace())
    assert (ask(app).status_code, ask(app).text) == (299, "replaced")


def test_error_hooks_may_answer_and_get_the_error():
    class Answer:
        name = "answer"
        errors = []

        async def microdot_error(self, app, request, error):
            self.errors.append(error)
            if isinstance(error, ValueError):
                return "mended", 218

    app = make_app()
    app.use(Answer())

    @app.get("/abort")
    async def handler(request):
        abort(409)

    assert (ask(app, "/fail").status_code, ask(app, "/fail").text) == (218, "mended")
    assert ask(app, "/abort").status_code == 409
    assert ask(app, "/unknown").status_code == 404
    assert [getattr(error, "status_code", None) for error in Answer.errors[2:]] == [409, 404]


def test_a_hook_that_raises_does_not_stop_the_others():
    class Failing:
        def __init__(self, hook):
            self.name = "failing"
            setattr(self, hook, self.fail)

        def fail(self, app, request, *rest):
            raise RuntimeError("broken hook")

    for hook in ("microdot_request", "microdot_response", "microdot_error"):
        app = make_app()
        app.use(Logger("a", app.log))
        app._plugins.used.append(("failing", Failing(hook)))
        app.use(Logger("b", app.log))
        del app.log[:]
        res = ask(app, "/fail" if hook == "microdot_error" else "/")
        assert res.status_code == 500
        assert app.log[-2:] == ["response b", "response a"] or app.log[-1] == "response a"
        assert "error a" in app.log


def test_applications_do_not_share_plugins():
    one, two = make_app(), make_app()
    one.use(Logger("p", one.log))
    two.use(Logger("q", two.log))
    ask(one)
    assert two.log == ["setup q"]
    assert (list(one.plugins), list(two.plugins)) == (["p"], ["q"])


def test_the_plan_follows_changes():
    app = make_app()
    ask(app)
    app.use(Logger("p", app.log))
    del app.log[:]
    ask(app)
    assert app.log == ["request p", "handler", "response p"]


def test_plugins_of_a_local_mount_act_on_its_routes_only():
    app, sub = make_app(), make_app()
    log = app.log = sub.log = []
    app.use(Logger("app", log))
    sub.use(Logger("sub", log))
    app.mount(sub, "/sub", local=True)
    del log[:]
    ask(app)
    assert log == ["request app", "handler", "response app"]
    del log[:]
    ask(app, "/sub/")
    assert log == ["request app", "request sub", "handler", "response sub", "response app"]
    del log[:]
    sub.use(Logger("late", log))
    ask(app, "/sub/")
    assert "request late" in log
    del log[:]
    asyncio.run(app._compile().run_lifecycle("microdot_shutdown"))
    assert log == ["shutdown late", "shutdown sub", "shutdown app"]


def test_plugins_of_another_mount_move_to_the_parent():
    app, sub = make_app(), make_app()
    log = app.log = sub.log = []
    sub.use(Logger("sub", log))
    app.mount(sub, "/sub")
    del log[:]
    ask(app)
    assert log == ["request sub", "handler", "response sub"]
    assert list(app.plugins) == ["sub"]
    assert sub.plugins == {}


def test_the_portable_registrar_mirrors_the_last_ones():
    class Plugin:
        def __init__(self, where):
            self.hook_order = {"microdot_request": where, "microdot_response": where}

        def microdot_request(self, app, request):
            pass

        def microdot_response(self, app, request, response):
            pass

    plugins = [("l1", Plugin("last")), ("f1", Plugin("first")), ("l2", Plugin("last")),
               ("f2", Plugin("first"))]  # fmt: skip
    hooks = Registrar().arrange(plugins)
    names = dict([(id(plugin), name) for name, plugin in plugins])

    def order(hook):
        found = []
        for call in hooks[hook]:
            for name, plugin in plugins:
                if call == getattr(plugin, hook):
                    found.append(names[id(plugin)])
        return found

    assert order("microdot_request") == ["f1", "f2", "l2", "l1"]
    assert order("microdot_response") == ["f2", "f1", "l1", "l2"]


def test_when_final_sees_what_is_sent():
    app = make_app()
    seen = []

    class First:
        name = "first"
        hook_order = {"microdot_response": "first"}

        def microdot_response(self, app, request, response):
            when_final(request, lambda request, response: seen.append(response))

    class Second:
        name = "second"

        def microdot_response(self, app, request, response):
            when_final(request, lambda request, response: seen.append(response.status_code))
            return "replaced", 418

    app.use(First())
    app.use(Second())
    response = ask(app)
    assert (response.status_code, response.text) == (418, "replaced")
    assert [getattr(item, "status_code", item) for item in seen] == [418, 418]


def test_when_final_comes_after_conditional_requests():
    from microdot import send_file

    app = make_app()
    seen = []

    @app.get("/file")
    async def file(request):
        when_final(request, lambda request, response: seen.append(response.status_code))
        return send_file("README.md")

    tag = ask(app, "/file").headers["ETag"]
    assert ask(app, "/file", headers={"If-None-Match": tag}).status_code == 304
    assert ask(app, "/file", headers={"Range": "bytes=0-9"}).status_code == 206
    assert seen == [200, 304, 206]


def test_when_final_is_called_for_errors_and_for_handled_connections():
    from microdot import Response

    app = make_app()
    seen = []

    @app.before_request
    async def before(request):
        when_final(request, lambda request, response: seen.append(response))

    @app.get("/handled")
    async def handled(request):
        return Response.already_handled

    @app.get("/refused")
    async def refused(request):
        abort(409)

    ask(app, "/handled")
    ask(app, "/refused")
    assert seen[0] is Response.already_handled
    assert seen[1].status_code == 409
    assert len(seen) == 2
