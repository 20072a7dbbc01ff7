"""An ASGI server of which a test writes every message."""

import asyncio


def scope(method="GET", target="/", headers=(), **more):
    """Return an ``http`` scope; a value of None leaves its key out."""
    found = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": target,
        "raw_path": target.encode("utf-8", "replace"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"example.com"), *headers],
        "client": ("192.0.2.7", 4711),
        "server": ("127.0.0.1", 8000),
    }
    found.update(more)
    return {key: value for key, value in found.items() if value is not None}


def ws_scope(target="/", headers=(), **more):
    """Return a ``websocket`` scope."""
    more = dict({"type": "websocket", "scheme": "ws", "subprotocols": []}, **more)
    return scope(None, target, headers, **more)


class Server:
    """What an application sees of a server: its messages in, its answers out.

    ``messages`` are received one by one; after them ``then`` happens: "silence" for ever, or a
    message again and again.
    """

    def __init__(self, *messages, then="silence"):
        self.messages = list(messages)
        self.then = then
        self.sent = []
        self.received = 0
        self.broken_after = None
        self.waiting = 0
        self.changed = None

    async def receive(self):
        self.received += 1
        if self.messages:
            message = self.messages.pop(0)
            if callable(message):
                message = await message()
            return message
        if self.then != "silence":
            return self.then
        self.waiting += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.waiting -= 1

    async def send(self, message):
        if self.broken_after is not None and len(self.sent) >= self.broken_after:
            raise OSError(32, "Broken pipe")
        self.sent.append(message)
        if self.changed is not None:
            self.changed.set()

    async def until(self, condition):
        """Wait until the messages sent fulfil a condition."""
        for _ in range(500):
            if condition():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it does not happen; sent: %r" % self.sent)

    @property
    def status(self):
        return self.sent[0]["status"]

    @property
    def headers(self):
        return [(bytes(name), bytes(value)) for name, value in self.sent[0]["headers"]]

    def header(self, name):
        return [value for key, value in self.headers if key == name]

    @property
    def body(self):
        return b"".join(
            message.get("body", b"")
            for message in self.sent
            if message["type"].endswith("response.body")
        )

    @property
    def complete(self):
        """A response has begun and ended, each once."""
        kinds = [message["type"] for message in self.sent]
        ends = [message for message in self.sent if not message.get("more_body", False)]
        return (
            kinds[0].endswith("response.start")
            and all(kind.endswith("response.body") for kind in kinds[1:])
            and len(ends) == 2
            and ends[1] is self.sent[-1]
        )


def body(data=b"", more=False):
    """Return an ``http.request`` message."""
    return {"type": "http.request", "body": data, "more_body": more}


GONE = {"type": "http.disconnect"}


def run(app, scope, *messages, then="silence", timeout=5):
    """Let an application answer one scope; return the server."""
    server = Server(*messages, then=then)

    async def main():
        await asyncio.wait_for(app(scope, server.receive, server.send), timeout)
        # Nothing of it is left behind.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.sleep(0)
        assert not [task for task in others if not task.done()]

    asyncio.run(main())
    return server
