"""Responses that a test reads while they are made. On both platforms."""

import asyncio

from microdot import Microdot
from microdot.test_client import TestClient
from microdot.test_events import EventParser


class Lines:
    """A body without an end."""

    def __init__(self, log):
        self.log = log
        self.number = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        await asyncio.sleep(0)
        self.number += 1
        return "line %d\n" % self.number

    async def aclose(self):
        self.log.append("closed")


def make_app():
    app = Microdot(autoload=False)
    app.log = []

    @app.get("/endless")
    async def endless(request):
        return Lines(app.log), 200, {"X-Kind": "endless"}

    @app.get("/short")
    async def short(request):
        return "short"

    @app.get("/quiet")
    async def quiet(request):
        class Quiet:
            def __aiter__(self):
                return self

            async def __anext__(self):
                await asyncio.sleep(60)

        return Quiet()

    @app.get("/fail")
    async def fail(request):
        class Fails(Lines):
            async def __anext__(self):
                if self.number == 2:
                    raise ValueError("on purpose")
                return await Lines.__anext__(self)

        return Fails(app.log)

    return app


def test_an_endless_body_is_read_piece_by_piece():
    async def main():
        app = make_app()
        stream = await TestClient(app).stream("GET", "/endless")
        assert (stream.status_code, stream.headers["X-Kind"]) == (200, "endless")
        pieces = []
        async for chunk in stream:
            pieces.append(chunk)
            if len(pieces) == 3:
                break
        assert pieces == [b"line 1\n", b"line 2\n", b"line 3\n"]
        assert app.log == []
        await stream.close()
        await stream.close()
        assert app.log == ["closed"]

    asyncio.run(main())


def test_a_body_with_an_end_is_read_whole():
    async def main():
        stream = await TestClient(make_app()).stream("GET", "/short")
        assert await stream.read() == b"short"
        assert await stream.read() == b""
        await stream.close()

    asyncio.run(main())


def test_a_body_that_fails_fails_the_test():
    async def main():
        stream = await TestClient(make_app()).stream("GET", "/fail")
        try:
            await stream.read()
        except ValueError as error:
            assert str(error) == "on purpose"
        else:
            raise AssertionError("not raised")
        await stream.close()

    asyncio.run(main())


def test_a_wait_has_a_deadline():
    async def main():
        stream = await TestClient(make_app()).stream("GET", "/quiet", timeout=0.05)
        try:
            await stream.read()
        except AssertionError as error:
            assert "0.05 s" in str(error)
        else:
            raise AssertionError("no deadline")
        await stream.close()

    asyncio.run(main())


def parsed(pieces):
    parser = EventParser()
    events = []
    for piece in pieces:
        events += parser.feed(piece)
    return [(event["event"], event["event_id"], event["retry"], event["data"]) for event in events]


def test_the_stream_may_be_cut_anywhere():
    # The examples of the HTML standard, 9.2.6, and every kind of line end.
    text = (
        b"\xef\xbb\xbf: test stream\n\ndata: first event\nid: 1\n\n"
        b"data:second event\r\nid\r\n\r\ndata:  third event\r\r"
        b"event: add\rdata: YHOO\ndata: +2\n\nretry: 250\nunknown: x\ndata\n\n"
        b"retry: 2x\ndata: \xe2\x82\xac\n\nid: a\0b\ndata: x\n\nevent: none\n\ndata: unfinished"
    )
    expected = [
        (None, "1", None, b"first event"),
        (None, "", None, b"second event"),
        (None, None, None, b" third event"),
        ("add", None, None, b"YHOO\n+2"),
        (None, None, 0.25, b""),
        (None, None, None, "\u20ac".encode()),
        (None, None, None, b"x"),
    ]
    assert parsed([text]) == expected
    assert parsed([text[i : i + 1] for i in range(len(text))]) == expected
    for cut in range(len(text)):
        assert parsed([text[:cut], text[cut:]]) == expected, cut
