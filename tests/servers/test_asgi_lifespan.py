"""The start and the end of an application over ASGI."""

import asyncio
import os
import signal

import pytest
from asgi_kit import run, scope
from microdot import Microdot as Core
from microdot.asgi import Microdot, asgi

LIFESPAN = {"type": "lifespan", "asgi": {"version": "3.0"}}
START = {"type": "lifespan.startup"}
END = {"type": "lifespan.shutdown"}


class Hooks:
    """A plugin that notes which hook was called."""

    name = "hooks"

    def __init__(self, notes, fail=""):
        self.notes = notes
        self.fail = fail

    def _note(self, hook):
        self.notes.append(hook)
        if self.fail == hook:
            raise ValueError(hook)

    async def microdot_startup(self, app):
        await asyncio.sleep(0)
        self._note("startup")

    def microdot_drain(self, app):
        self._note("drain")

    def microdot_shutdown(self, app):
        self._note("shutdown")

    def microdot_request(self, app, request):
        self._note("request")


def with_hooks(fail="", **options):
    notes = []
    app = Microdot(autoload=False, **options)
    app.use(Hooks(notes, fail))

    @app.get("/")
    async def index(request):
        return str(request.asgi_scope.get("state"))

    return app, notes


def test_without_callbacks():
    server = run(Microdot(autoload=False), LIFESPAN, START, END)
    assert server.sent == [
        {"type": "lifespan.startup.complete"},
        {"type": "lifespan.shutdown.complete"},
    ]


@pytest.mark.parametrize("plain", [False, True])
def test_callbacks_get_the_scope(plain):
    notes = []

    async def starts(scope):
        notes.append("start")
        scope["state"]["a"] = 1

    async def ends(scope):
        notes.append(("end", scope["state"]))

    def starts_plainly(scope):
        asyncio_run(starts(scope))

    app = Microdot(starts_plainly if plain else starts, ends, autoload=False)
    assert (app.lifespan_shutdown is ends) and app.lifespan_startup
    run(app, dict(LIFESPAN, state={}), START, END)
    assert notes == ["start", ("end", {"a": 1})]


def asyncio_run(coroutine):
    with pytest.raises(StopIteration):
        coroutine.send(None)


@pytest.mark.parametrize("core", [False, True])
def test_failures_are_told(core):
    async def starts(scope):
        raise KeyError("scope")

    async def ends(scope):
        return 1 / 0

    app = (
        asgi(Core(autoload=False), starts, ends) if core else Microdot(starts, ends, autoload=False)
    )
    server = run(app, LIFESPAN, START, END)
    assert server.sent == [
        {"type": "lifespan.startup.failed", "message": "KeyError('scope')"},
        {"type": "lifespan.shutdown.failed", "message": "ZeroDivisionError('division by zero')"},
    ]


def test_hooks_lie_outside_the_callbacks():
    app, notes = with_hooks()

    async def starts(scope):
        notes.append("lifespan_startup")

    async def ends(scope):
        notes.append("lifespan_shutdown")

    app.lifespan_startup = starts
    app.lifespan_shutdown = ends
    run(app, LIFESPAN, START, END)
    assert notes == ["startup", "lifespan_startup", "drain", "lifespan_shutdown", "shutdown"]


def test_a_hook_that_fails_at_the_start():
    app, notes = with_hooks("startup")
    app.lifespan_startup = notes.append
    server = run(app, LIFESPAN, START, END)
    assert server.sent[0] == {"type": "lifespan.startup.failed", "message": "ValueError('startup')"}
    assert server.sent[1] == {"type": "lifespan.shutdown.complete"}
    assert notes == ["startup"]


def test_hooks_run_once():
    app, notes = with_hooks()
    run(app, LIFESPAN, START, END)
    assert notes.count("startup") == 1
    app, notes = with_hooks()
    run(app, scope())
    run(app, scope())
    assert notes == ["startup", "request", "request"]


def test_hooks_run_before_the_first_request_without_a_lifespan():
    app, notes = with_hooks()

    async def main():
        sent = []

        async def send(message):
            sent.append(message)

        await asyncio.gather(*[app(scope(), None, send) for _ in range(5)])

    asyncio.run(main())
    assert notes == ["startup"] + ["request"] * 5


def test_a_start_that_failed_answers_no_request():
    app, notes = with_hooks("startup")
    for _ in range(2):
        with pytest.raises(ValueError, match="startup"):
            run(app, scope())
    assert notes == ["startup"]


def test_the_state_of_the_lifespan_is_there():
    app, _ = with_hooks()
    assert run(app, scope(state={"a": 1})).body == b"{'a': 1}"


def test_an_application_can_start_again():
    app, notes = with_hooks()
    run(app, LIFESPAN, START, END)
    run(app, LIFESPAN, START, END)
    assert notes == ["startup", "drain", "shutdown"] * 2


@pytest.mark.parametrize("core", [False, True])
def test_w_asgi_11_shutdown_signals_this_process(core, monkeypatch):
    signals = []
    monkeypatch.setattr(os, "kill", lambda *arguments: signals.append(arguments))
    app = Core(autoload=False) if core else Microdot(autoload=False)

    @app.get("/")
    async def index(request):
        request.app.shutdown()
        return "bye"

    server = run(asgi(app) if core else app, scope())
    assert server.body == b"bye"
    assert signals == [(os.getpid(), signal.SIGTERM)]


def test_shutdown_before_anything_was_served(monkeypatch):
    signals = []
    monkeypatch.setattr(os, "kill", lambda *arguments: signals.append(arguments))
    Microdot(autoload=False).shutdown()
    assert len(signals) == 1


@pytest.mark.parametrize("way", ["run", "start_server"])
def test_the_built_in_server_is_ended_in_its_own_way(way, monkeypatch):
    monkeypatch.setattr(os, "kill", lambda *arguments: pytest.fail("a signal"))
    app = Microdot(autoload=False)
    assert not app.embedded_server

    class Ends:
        name = "ends"

        def microdot_startup(self, app):
            app.shutdown()

    app.use(Ends())
    if way == "run":
        app.run(host="127.0.0.1", port=0)
        assert app.embedded_server
    else:
        asyncio.run(asyncio.wait_for(app.start_server(host="127.0.0.1", port=0), 5))


def test_middleware():
    app = Microdot(autoload=False)
    inner = app.asgi_app
    seen = []

    async def middleware(scope, receive, send):
        seen.append(scope["path"])
        await inner(scope, receive, send)

    app.asgi_app = middleware
    run(app, scope("GET", "/x"))
    assert seen == ["/x"]


@pytest.mark.parametrize("kept", [signal.SIG_DFL, signal.SIG_IGN])
def test_signals_that_no_server_handles_are_left_alone(kept):
    from microdot.adapters.signals import Announcement

    before = signal.signal(signal.SIGTERM, kept)
    try:
        announcement = Announcement(lambda: None)
        announcement.begin()
        assert signal.getsignal(signal.SIGTERM) == kept
        announcement.end()
        assert signal.getsignal(signal.SIGTERM) == kept
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_server_still_gets_its_signal():
    from microdot.adapters.signals import Announcement

    notes = []

    def server(number, frame):
        notes.append(number)

    before = signal.signal(signal.SIGTERM, server)
    try:
        announcement = Announcement(lambda: notes.append("announced"))
        announcement.begin()
        signal.raise_signal(signal.SIGTERM)
        announcement.end()
        assert signal.getsignal(signal.SIGTERM) is server
    finally:
        signal.signal(signal.SIGTERM, before)
    assert notes == ["announced", signal.SIGTERM]
