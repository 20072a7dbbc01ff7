"""permessage-deflate (RFC 7692): negotiation and messages."""

import os
import zlib

import pytest
from microdot.websocket.cpython.deflate import Deflate, accept
from microdot.websocket.errors import WebSocketError
from microdot.websocket.protocol import BINARY, CONT, PING, TEXT, Protocol, encode_frame

KEY = b"\x37\xfa\x21\x3d"


def frame(opcode, payload, flags=0xC0):
    return encode_frame(opcode, payload, KEY, flags)


def events(data, deflate=None, **options):
    protocol = Protocol(deflate=deflate or Deflate(), **options)
    found = []
    try:
        protocol.receive(data)
        while True:
            event = protocol.next_event()
            if event is None:
                return found
            found.append(event)
    except WebSocketError as error:
        return [*found, error.code]


#: RFC 7692 7.2.3.1 to 7.2.3.5.
HELLO = bytes.fromhex("f248cdc9c90700")
HELLO_AGAIN = bytes.fromhex("f200110000")
HELLO_STORED = bytes.fromhex("000500faff48656c6c6f00")
HELLO_FINAL = bytes.fromhex("f348cdc9c9070000")
HELLO_TWO_BLOCKS = bytes.fromhex("f248050000 00ffff cac9c90700".replace(" ", ""))


def test_the_examples_of_rfc_7692_7_2_3():
    assert events(frame(TEXT, HELLO)) == [(TEXT, "Hello")]
    assert events(frame(TEXT, HELLO) + frame(TEXT, HELLO_AGAIN)) == [(TEXT, "Hello")] * 2
    assert events(frame(TEXT, HELLO_STORED)) == [(TEXT, "Hello")]
    assert events(frame(TEXT, HELLO_FINAL) + frame(TEXT, HELLO)) == [(TEXT, "Hello")] * 2
    assert events(frame(TEXT, HELLO_TWO_BLOCKS)) == [(TEXT, "Hello")]
    fragmented = frame(TEXT, HELLO[:3], 0x40) + frame(CONT, HELLO[3:], 0x80)
    assert events(fragmented) == [(TEXT, "Hello")]
    assert Deflate().compress(b"Hello") == HELLO


def test_messages_may_be_uncompressed_and_control_frames_always_are():
    assert events(encode_frame(TEXT, b"Hello", KEY)) == [(TEXT, "Hello")]
    assert events(encode_frame(PING, b"x", KEY)) == [(PING, b"x")]
    assert events(frame(PING, b"x")) == [1002]
    assert events(frame(TEXT, HELLO[:3], 0x40) + frame(CONT, HELLO[3:], 0xC0)) == [1002]
    assert events(encode_frame(TEXT, HELLO, KEY, 0xA0)) == [1002]


def test_the_limit_counts_what_comes_out():
    packer = zlib.compressobj(wbits=-15)
    bomb = (packer.compress(b"\0" * 10_000_000) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
    assert len(bomb) < 10_000
    assert events(frame(BINARY, bomb), max_message=1_000_000) == [1009]
    assert events(frame(BINARY, bomb), max_message=10_000_000) == [(BINARY, b"\0" * 10_000_000)]


def test_what_is_no_compressed_data_is_1002():
    assert events(frame(BINARY, b"\xff" * 20)) == [1002]


def test_text_is_still_utf8():
    bad = Deflate().compress(b"\xff\xfe")
    assert events(frame(TEXT, bad)) == [1007]


@pytest.mark.parametrize(("bits", "reset"), [(15, False), (9, False), (15, True), (9, True)])
def test_what_is_compressed_can_be_decompressed(bits, reset):
    sender = Deflate(server_bits=bits, server_reset=reset)
    receiver = Deflate(client_bits=bits, client_reset=reset)
    message = os.urandom(700) * 3
    sizes = []
    for _ in range(3):
        packed = sender.compress(message)
        sizes.append(len(packed))
        assert receiver.decompress(packed, True, 0) == message
    # A repeated message is short only if it may refer to the one before.
    assert (sizes[1] < 100) == (bits == 15 and not reset)


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", "permessage-deflate"),
        (
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=12",
        ),
        (
            "permessage-deflate; client_max_window_bits=10",
            "permessage-deflate; client_max_window_bits=10",
        ),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            'permessage-deflate; server_max_window_bits="10"',
            "permessage-deflate; server_max_window_bits=10",
        ),
        ("x-other, Permessage-Deflate", "permessage-deflate"),
        (
            "permessage-deflate; server_max_window_bits=8, permessage-deflate",
            "permessage-deflate",
        ),
        ("permessage-deflate; unknown=1", None),
        ("permessage-deflate; server_max_window_bits=16", None),
        ("permessage-deflate; server_max_window_bits=x", None),
        ("permessage-deflate; client_max_window_bits=99", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; a; a", None),
        ("x-other", None),
        ("", None),
    ],
)
def test_an_offer_and_its_answer(offer, answer):
    accepted = accept(offer)
    assert (accepted and accepted[0]) == answer


def test_without_takeover_both_sides_are_told():
    answer, _ = accept("permessage-deflate", takeover=False)
    assert answer == ("permessage-deflate; server_no_context_takeover; client_no_context_takeover")
