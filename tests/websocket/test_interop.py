"""Another implementation talks to the server: the ``websockets`` client."""

import pathlib
import random

import pytest
import websockets.exceptions
from harness import PLATFORMS
from websockets.sync.client import connect

APP = pathlib.Path(__file__).with_name("app.py")


def messages():
    chance = random.Random(7)
    for size in (0, 1, 125, 126, 4000, 65535, 65536, 200_000):
        yield "\u20ac" * (size // 3)
        yield bytes(chance.getrandbits(8) for _ in range(size))


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("compression", [0, 1])
def test_messages_of_every_length(platform, compression):
    if platform == "micropython" and compression:
        with pytest.raises(AssertionError, match="on CPython only"):
            PLATFORMS[platform]("compression=1", app=APP)
        return
    server = PLATFORMS[platform]("compression=%d" % compression, app=APP)
    try:
        with connect("ws://127.0.0.1:%d/echo" % server.port, max_size=None) as client:
            extensions = [extension.name for extension in client.protocol.extensions]
            assert extensions == ["permessage-deflate"] * compression
            for message in messages():
                client.send(message)
                assert client.recv(10) == message
            # Fragments, with other words between them.
            client.send(iter(["one ", "two ", "three"]))
            client.ping().wait(5)
            assert client.recv(5) == "one two three"
            client.close(4000, "done")
        with connect("ws://127.0.0.1:%d/fail" % server.port) as client:
            with pytest.raises(websockets.exceptions.ConnectionClosedError) as caught:
                client.recv(5)
            assert caught.value.rcvd.code == 1011
    finally:
        server.stop()


def test_refusals_are_what_a_client_expects():
    server = PLATFORMS["cpython"](app=APP)
    try:
        with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
            connect("ws://127.0.0.1:%d/nothing" % server.port)
        assert caught.value.response.status_code == 404
        with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
            connect("ws://127.0.0.1:%d/" % server.port)
        assert caught.value.response.status_code == 200
    finally:
        server.stop()
