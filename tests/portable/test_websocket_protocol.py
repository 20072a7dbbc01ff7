"""WebSocket frames (RFC 6455 section 5), fed whole and in every two pieces. On both platforms."""

from microdot.websocket.errors import WebSocketError
from microdot.websocket.protocol import (
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    TEXT,
    Protocol,
    decode_close,
    encode_close,
    encode_frame,
)

try:
    from gc import collect, disable, enable, mem_alloc
except ImportError:
    mem_alloc = None

KEY = b"\x37\xfa\x21\x3d"


def events(data, client=False, **options):
    """Return the events of some bytes, after making sure that cutting them changes nothing."""
    expected = drain(Protocol(client=client, **options), [data])
    single = [data[i : i + 1] for i in range(len(data))]
    assert drain(Protocol(client=client, **options), single) == expected
    if len(data) < 100:
        for cut in range(1, len(data)):
            pieces = [data[:cut], data[cut:]]
            assert drain(Protocol(client=client, **options), pieces) == expected
    return expected


def drain(protocol, pieces):
    found = []
    try:
        for piece in pieces:
            protocol.receive(piece)
            while True:
                event = protocol.next_event()
                if event is None:
                    break
                found.append(event)
    except WebSocketError as error:
        found.append(error.code)
    return found


def client_frame(opcode, payload, flags=128):
    return encode_frame(opcode, payload, KEY, flags)


def test_the_examples_of_rfc_6455_5_7():
    hello = b"\x81\x05Hello"
    assert encode_frame(TEXT, b"Hello") == hello
    assert events(hello, client=True) == [(TEXT, "Hello")]
    masked = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
    assert encode_frame(TEXT, b"Hello", KEY) == masked
    assert events(masked) == [(TEXT, "Hello")]
    assert events(b"\x01\x03Hel\x80\x02lo", client=True) == [(TEXT, "Hello")]
    assert events(b"\x89\x05Hello", client=True) == [(PING, b"Hello")]
    assert events(b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58") == [(PONG, b"Hello")]
    assert encode_frame(BINARY, b"\0" * 256)[:4] == b"\x82\x7e\x01\x00"
    assert encode_frame(BINARY, b"\0" * 65536)[:10] == b"\x82\x7f\0\0\0\0\0\x01\0\0"


def test_lengths_around_the_borders_of_the_three_forms():
    for size in (0, 1, 3, 125, 126, 127, 255, 256, 257, 1023, 1024, 1025):
        payload = bytes([i % 251 for i in range(size)])
        assert events(client_frame(BINARY, payload)) == [(BINARY, payload)]


def test_long_messages_in_pieces_of_any_size():
    payload = bytes([i * 7 % 251 for i in range(20000)])
    frame = client_frame(BINARY, payload)
    for step in (1000, 1021, 4096, 20000):
        pieces = [frame[i : i + step] for i in range(0, len(frame), step)]
        assert drain(Protocol(), pieces) == [(BINARY, payload)]


def test_the_longest_form_of_a_length():
    payload = b"0123456789abcdef" * 4096 + b"!"
    assert drain(Protocol(65537), [client_frame(BINARY, payload)]) == [(BINARY, payload)]


def test_control_frames_come_between_fragments():
    data = (
        client_frame(TEXT, b"Hel", 0)
        + client_frame(PING, b"1")
        + client_frame(CONT, b"", 0)
        + client_frame(PONG, b"2")
        + client_frame(CONT, b"lo")
        + client_frame(BINARY, b"after")
    )
    assert events(data) == [(PING, b"1"), (PONG, b"2"), (TEXT, "Hello"), (BINARY, b"after")]


def test_w_ws_01_a_frame_without_a_mask_from_a_client_is_1002():
    assert events(b"\x81\x05Hello") == [1002]
    assert events(b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", client=True) == [1002]


def test_w_ws_02_fragments_are_one_message_and_share_its_limit():
    data = client_frame(BINARY, b"abc", 0) + client_frame(CONT, b"def", 0)
    data += client_frame(CONT, b"g")
    assert events(data, max_message=7) == [(BINARY, b"abcdefg")]
    assert events(data, max_message=6) == [1009]


def test_w_ws_03_a_limit_of_0_is_none():
    payload = b"x" * 70000
    assert drain(Protocol(0), [client_frame(BINARY, payload)]) == [(BINARY, payload)]
    assert drain(Protocol(70000), [client_frame(BINARY, payload)]) == [(BINARY, payload)]
    assert drain(Protocol(69999), [client_frame(BINARY, payload)]) == [1009]


def test_w_ws_04_empty_messages_are_messages():
    assert events(client_frame(TEXT, b"") + client_frame(BINARY, b"")) == [
        (TEXT, ""),
        (BINARY, b""),
    ]
    assert events(client_frame(TEXT, b"", 0) + client_frame(CONT, b"")) == [(TEXT, "")]


def test_w_ws_06_reserved_bits_and_opcodes_are_1002():
    for flags in (0xC0, 0xA0, 0x90, 0xF0):
        assert events(client_frame(TEXT, b"a", flags)) == [1002]
        assert events(client_frame(PING, b"a", flags)) == [1002]
    for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
        assert events(client_frame(opcode, b"a")) == [1002]


def test_w_ws_06_control_frames_are_short_and_whole():
    assert events(client_frame(PING, b"x" * 125)) == [(PING, b"x" * 125)]
    assert events(client_frame(PING, b"x" * 126)) == [1002]
    assert events(client_frame(PING, b"x", 0)) == [1002]


def test_a_continuation_needs_something_to_continue():
    assert events(client_frame(CONT, b"x")) == [1002]
    assert events(client_frame(TEXT, b"x", 0) + client_frame(TEXT, b"y")) == [1002]


def test_a_frame_longer_than_the_limit_is_refused_by_its_head():
    head = b"\x82\xff" + (1 << 40).to_bytes(8, "big") + KEY
    assert drain(Protocol(1000), [head]) == [1009]
    assert drain(Protocol(0, 1000), [head]) == [1009]
    assert drain(Protocol(), [b"\x82\xff\x80" + b"\0" * 7 + KEY]) == [1002]


def test_text_is_strict_utf8():
    good = "\u00e9 \u20ac \U0001f600 \ud7ff \ue000 \U0010ffff".encode()
    assert events(client_frame(TEXT, good)) == [(TEXT, good.decode())]
    for bad in (
        b"\x80",
        b"\xff",
        b"\xc0\xaf",  # overlong
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xed\xa0\x80",  # a surrogate
        b"\xf4\x90\x80\x80",  # above U+10FFFF
        b"\xf5\x80\x80\x80",
        b"\xe2\x82",  # cut
        b"abc\xc3",
    ):
        assert events(client_frame(TEXT, bad)) == [1007], bad
        # A good part before it does not help.
        assert events(client_frame(TEXT, b"ok", 0) + client_frame(CONT, bad)) == [1007], bad
    # A character may lie in two fragments.
    assert events(client_frame(TEXT, b"\xe2", 0) + client_frame(CONT, b"\x82\xac")) == [
        (TEXT, "\u20ac")
    ]


def test_w_ws_05_close_codes_and_reasons():
    assert events(client_frame(CLOSE, b"")) == [(CLOSE, (1005, ""))]
    for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
        payload = encode_close(code, "why")
        assert events(client_frame(CLOSE, payload)) == [(CLOSE, (code, "why"))]
    for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
        assert events(client_frame(CLOSE, encode_close(code, ""))) == [1002], code
    assert events(client_frame(CLOSE, b"\x03")) == [1002]
    assert events(client_frame(CLOSE, b"\x03\xe8\xff")) == [1007]


def test_a_close_reason_is_cut_between_characters():
    assert encode_close(1000, "x" * 200) == b"\x03\xe8" + b"x" * 123
    assert decode_close(encode_close(1000, "\u20ac" * 42)) == (1000, "\u20ac" * 41)


def test_nothing_counts_after_close():
    assert events(client_frame(CLOSE, b"") + client_frame(TEXT, b"late")) == [(CLOSE, (1005, ""))]


def test_many_small_frames_in_one_piece():
    frame = client_frame(TEXT, b"a")
    assert drain(Protocol(), [frame * 2000]) == [(TEXT, "a")] * 2000


def test_a_message_of_many_small_frames_is_not_copied_for_each_of_them():
    frame = encode_frame(CONT, b"x" * 64, None, 0)
    protocol = Protocol(client=True)
    protocol.receive(encode_frame(BINARY, b"x" * 64, None, 0))
    assert protocol.next_event() is None
    before = allocated = 0
    for _ in range(1023):
        protocol.receive(frame)
        if mem_alloc is not None:
            collect()
            disable()
            before = mem_alloc()
        assert protocol.next_event() is None
        if mem_alloc is not None:
            allocated += mem_alloc() - before
            enable()
    protocol.receive(encode_frame(CONT, b"end"))
    assert protocol.next_event() == (BINARY, b"x" * 65536 + b"end")
    # 64 KiB in 1,024 frames: some copies as it grows, and a few objects for each frame.
    assert allocated < 6 * 65536 + 1023 * 800, allocated
