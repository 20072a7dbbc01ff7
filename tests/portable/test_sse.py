"""Event streams: contract section 13, and the HTML standard's section 9.2. On both platforms."""

import asyncio

from microdot import Microdot
from microdot.broadcast import Group
from microdot.sse import SSE, RingStore, ServerSentEvents, encode_event, sse_response, with_sse
from microdot.test_client import TestClient

CPYTHON = not hasattr(asyncio, "core")  # MicroPython's asyncio has a module of that name


def run(coro):
    return asyncio.run(coro)


def make_app(endpoint, **options):
    app = Microdot(autoload=False)
    app.get("/events")(with_sse(**options)(endpoint))
    return app


def body_of(endpoint, headers=None, **options):
    return run(TestClient(make_app(endpoint, **options)).get("/events", headers=headers))


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def test_the_pinned_texts_of_the_contract():
    async def endpoint(request, sse):
        await sse.send("foo")
        await sse.send("bar", event="test")
        await sse.send("bar", event="test", event_id="id42")
        await sse.send("bar", event_id="id42")
        await sse.send("bar", retry=2.5)
        await sse.send({"foo": "bar"})
        await sse.send("ping", comment=True)
        await sse.send([42, "foo", "bar"])
        await sse.send(ValueError("foo"))
        await sse.send(b"foo")

    response = body_of(endpoint)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.text == (
        "data: foo\n\n"
        "event: test\ndata: bar\n\n"
        "event: test\nid: id42\ndata: bar\n\n"
        "id: id42\ndata: bar\n\n"
        "retry: 2500\ndata: bar\n\n"
        'data: {"foo": "bar"}\n\n'
        ": ping\n\n"
        'data: [42, "foo", "bar"]\n\n'
        "data: foo\n\n"
        "data: foo\n\n"
    )
    assert len(response.events) == 9
    assert response.events[2] == {
        "data": b"bar",
        "data_json": None,
        "event": "test",
        "event_id": "id42",
        "retry": None,
    }
    assert response.events[4]["retry"] == 2.5
    assert response.events[5]["data_json"] == {"foo": "bar"}


def test_w_sse_01_every_line_of_data_is_a_field():
    assert encode_event("a\nb\r\nc\rd") == b"data: a\ndata: b\ndata: c\ndata: d\n\n"
    assert encode_event("a\n") == b"data: a\ndata: \n\n"
    assert encode_event("") == b"data: \n\n"
    assert encode_event(b"a\r\n\r\nb") == b"data: a\ndata: \ndata: b\n\n"


def test_w_sse_01_nothing_injects_a_field():
    for bad in ("a\nb", "a\rb", "a\0b", "\n"):
        assert "event=" in refused(ValueError, encode_event, "x", event=bad)
        assert "event_id=" in refused(ValueError, encode_event, "x", event_id=bad)
    assert encode_event("a\ndata: b", comment=True) == b": a\n: data: b\n\n"
    assert encode_event("a\rb\r\nc", comment=True) == b": a\n: b\n: c\n\n"


def test_w_sse_03_send_waits_for_a_client_that_reads_nothing():
    sent = []

    async def main():
        async def endpoint(request, sse):
            for number in range(1000):
                await sse.send(number)
                sent.append(number)

        stream = await TestClient(make_app(endpoint, max_queue=5)).stream("GET", "/events")
        for _ in range(50):
            await asyncio.sleep(0)
        waiting = len(sent)
        event = await stream.event()
        await stream.close()
        return waiting, event

    waiting, event = run(main())
    assert waiting <= 11  # those in the queue, and those in the piece that is under way
    assert event["data"] == b"0"


def test_w_sse_04_the_response_is_not_to_be_stored_or_held_back():
    async def endpoint(request, sse):
        await sse.send("x")

    headers = body_of(endpoint).headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"


def test_w_sse_05_an_empty_id_resets_and_retry_may_be_0():
    assert encode_event("x", event_id="") == b"id: \ndata: x\n\n"
    assert encode_event("x", retry=0) == b"retry: 0\ndata: x\n\n"
    assert encode_event("x", event="") == b"data: x\n\n"
    for bad in (-1, "1", 1e10, float("inf"), float("nan")):
        assert "retry=" in refused(ValueError, encode_event, "x", retry=bad)


def test_w_sse_05_a_plain_function_is_refused():
    def plain(request, sse):
        return "x"

    if CPYTHON:
        assert "async def" in refused(TypeError, with_sse, plain)
    else:
        assert "async def" in refused(TypeError, body_of, plain)


def test_w_sse_02_head_starts_nothing():
    started = []

    async def endpoint(request, sse):
        started.append(1)
        await asyncio.sleep(60)

    app = make_app(endpoint)
    response = run(TestClient(app).request("HEAD", "/events"))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/event-stream"
    assert started == []


def test_w_sse_02_a_client_that_leaves_ends_a_quiet_endpoint():
    log = []

    async def main():
        async def endpoint(request, sse):
            try:
                await sse.send("hello")
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                log.append("cancelled")
                await asyncio.sleep(0.01)
                log.append("cleaned up")
                raise

        stream = await TestClient(make_app(endpoint)).stream("GET", "/events")
        assert (await stream.event())["data"] == b"hello"
        await stream.close()

    run(main())
    assert log == ["cancelled", "cleaned up"]


def test_arguments_of_the_path_reach_the_endpoint():
    app = Microdot(autoload=False)

    @app.get("/<name>/<int:count>")
    @with_sse
    async def events(request, sse, name, count):
        for number in range(count):
            await sse.send("%s %d" % (name, number))

    response = run(TestClient(app).get("/x/2"))
    assert [event["data"] for event in response.events] == [b"x 0", b"x 1"]


def test_a_response_without_the_decorator():
    app = Microdot(autoload=False)

    async def count(request, sse, limit, step=1):
        for number in range(0, limit, step):
            await sse.send(number)

    @app.get("/")
    async def index(request):
        return sse_response(request, count, 6, step=3)

    response = run(TestClient(app).get("/"))
    assert response.text == "data: 0\n\ndata: 3\n\n"


def test_an_exception_reaches_the_client_of_a_test():
    async def endpoint(request, sse):
        await sse.send("before")
        1 / 0  # noqa: B018

    try:
        body_of(endpoint)
    except ZeroDivisionError:
        pass
    else:
        raise AssertionError("not raised")


def test_an_endpoint_that_sends_nothing_is_an_empty_stream():
    async def endpoint(request, sse):
        pass

    assert body_of(endpoint).text == ""


def test_a_comment_keeps_a_quiet_stream_alive():
    async def endpoint(request, sse):
        await asyncio.sleep(0.3)
        await sse.send("late")

    text = body_of(endpoint, keep_alive=0.05).text
    assert text.endswith("data: late\n\n")
    assert 2 <= text.count(":\n\n") <= 6
    assert body_of(endpoint, keep_alive=None).text == "data: late\n\n"


def test_a_busy_stream_needs_no_comments():
    async def endpoint(request, sse):
        for number in range(8):
            await sse.send(number)
            await asyncio.sleep(0.03)

    assert ":\n\n" not in body_of(endpoint, keep_alive=0.2).text


def overflowing(overflow):
    results = []

    async def endpoint(request, sse):
        # Without a pause, so the response has no chance to take any.
        for number in range(5):
            results.append(sse.post(number))
        results.append(sse.dropped)

    response = body_of(endpoint, max_queue=3, overflow=overflow)
    return [int(event["data"]) for event in response.events], results


def test_what_happens_to_an_event_too_many():
    assert overflowing("wait") == ([0, 1, 2], [True, True, True, False, False, 0])
    assert overflowing("drop_newest") == ([0, 1, 2], [True] * 5 + [2])
    assert overflowing("drop_oldest") == ([2, 3, 4], [True] * 5 + [2])
    assert overflowing("close") == ([0, 1, 2], [True, True, True, False, False, 0])


def test_nothing_is_sent_after_the_end():
    results = []

    async def endpoint(request, sse):
        await sse.send("last")
        sse.close()
        results.append((sse.closed, sse.post("more")))
        try:
            await sse.send("more")
        except OSError as error:
            results.append(error.errno)

    assert body_of(endpoint).text == "data: last\n\n"
    assert results == [(True, False), 32]


def test_abort_drops_what_is_queued():
    async def endpoint(request, sse):
        await sse.send("lost")
        sse.abort()

    assert body_of(endpoint).text == ""


def test_members_of_a_group():
    async def main():
        group = Group()

        async def endpoint(request, sse):
            with group.member(sse):
                await sse.wait_closed()

        client = TestClient(make_app(endpoint, max_queue=2))
        streams = []
        for _ in range(2):
            streams.append(await client.stream("GET", "/events"))
        while len(group) < 2:
            await asyncio.sleep(0)
        assert await group.publish({"a": 1}, event="news", event_id="7") == 2
        for stream in streams:
            event = await stream.event()
            assert (event["data_json"], event["event"], event["event_id"]) == (
                {"a": 1},
                "news",
                "7",
            )
        await streams[0].close()
        assert len(group) == 1
        # Nobody reads the other one: it is dropped when its queue is full.
        for number in range(6):
            taken = await group.publish(str(number))
        assert taken == 0
        assert len(group) == 0
        await streams[1].close()

    run(main())


def test_the_last_event_id_of_a_client_that_comes_back():
    found = []

    async def endpoint(request, sse):
        found.append(sse.last_event_id)

    body_of(endpoint)
    body_of(endpoint, headers={"Last-Event-ID": "42"})
    assert found == [None, "42"]


def test_missed_events_are_replayed_before_the_endpoint():
    store = RingStore(3)
    ids = [store.append({"data": str(number), "event": "news"}) for number in range(5)]

    async def endpoint(request, sse):
        await sse.send("live")

    def got(last):
        headers = {"Last-Event-ID": last} if last else None
        response = body_of(endpoint, headers=headers, store=store)
        return [event["data"].decode() for event in response.events]

    assert got(ids[3]) == ["4", "live"]
    assert got(ids[4]) == ["live"]
    assert got(ids[0]) == ["2", "3", "4", "live"]  # not in the store any more
    assert got("unknown") == ["2", "3", "4", "live"]
    assert got(None) == ["live"]


def test_a_store_may_be_asynchronous():
    class Store:
        def __init__(self):
            self.calls = []

        async def append(self, event):
            return "1"

        async def since(self, event_id):
            self.calls.append(event_id)
            await asyncio.sleep(0)
            return [{"data": "missed", "event_id": "9"}] if event_id == "8" else []

    async def endpoint(request, sse):
        await sse.send("live")

    store = Store()
    response = body_of(endpoint, headers={"Last-Event-ID": "8"}, store=store)
    assert [event["data"] for event in response.events] == [b"missed", b"live"]
    assert store.calls == ["8", "9"]


def test_a_ring_store_keeps_its_own_ids_and_those_given():
    store = RingStore(2)
    assert store.append({"data": "a", "event_id": "mine"}) == "mine"
    other = store.append({"data": "b"})
    assert store.since("mine") == [{"data": "b", "event_id": other}]
    assert RingStore(1).append({"data": "b"}) != other
    assert "size" in refused(ValueError, RingStore, 0)
    refused(ValueError, store.append, {"data": "x", "event": "a\nb"})


def test_options_come_from_the_route_else_the_application():
    app = Microdot(autoload=False)
    plugin = app.use(ServerSentEvents(max_queue=7, keep_alive=3))
    found = []

    @app.get("/")
    @with_sse(keep_alive=4)
    async def index(request, sse):
        found.append((sse.max_queue, sse.keep_alive, sse in plugin.streams))

    run(TestClient(app).get("/"))
    assert found == [(7, 4, True)]
    assert len(plugin.streams) == 0


def test_options_are_checked_where_they_are_written():
    assert "keep_alive" in refused(TypeError, ServerSentEvents, keepalive=3)
    for options in (
        {"keep_alive": 0},
        {"keep_alive": "x"},
        {"max_queue": 0},
        {"overflow": "explode"},
        {"store": []},
        {"close_timeout": -1},
    ):
        refused(ValueError, ServerSentEvents, **options)
        refused(ValueError, with_sse, **options)


def test_a_drained_application_ends_its_streams_after_what_is_queued():
    log = []

    async def main():
        app = Microdot(autoload=False)
        plugin = app.use(ServerSentEvents())

        @app.get("/events")
        @with_sse
        async def events(request, sse):
            try:
                await sse.send("queued")
                await asyncio.sleep(60)
            finally:
                log.append("ended")

        stream = await TestClient(app).stream("GET", "/events")
        await asyncio.sleep(0.01)
        plugin.microdot_drain(app)
        assert await stream.read() == b"data: queued\n\n"
        await stream.close()

    run(main())
    assert log == ["ended"]


def test_the_attributes_of_the_contract():
    async def main():
        return SSE()

    sse = run(main())
    assert sse.queue == []
    assert hasattr(sse.event, "wait")
