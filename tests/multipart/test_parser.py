"""The multipart parser: the same events wherever the input is cut (RFC 2046 section 5.1)."""

import ast
import importlib.util
import pathlib
import random
import re

import pytest
from microdot.errors import HTTPException
from microdot.multipart.parser import MAX_PADDING, Parser

BODY = (
    b"preamble\r\n--B\r\n-- \r\n--b \t\r\n"
    b'Content-Disposition: form-data; name="a"\r\n\r\n'
    b"one\r\n--\r\n--x\r\r\n\r\n--b\r\nX: y\r\n\r\n\r\n--b\r\n"
    b"\r\n\r\n--b\r\nempty: header block above, no content\r\n\r\n--b\r\n"
    b"Y:\r\n\r\n--\r\nb--b\n--b\r--b-\r\n--bb\r\n--b-\r\n--b x\r\n--b--\r\nepilogue\r\n--b\r\n"
)
#: What RFC 2046 says is in it.
PARTS = [
    (b'Content-Disposition: form-data; name="a"', b"one\r\n--\r\n--x\r\r\n"),
    (b"X: y", b""),
    (b"", b""),
    (b"empty: header block above, no content", b""),
    (b"Y:", b"--\r\nb--b\n--b\r--b-\r\n--bb\r\n--b-\r\n--b x"),
]


def parse(pieces, boundary="b", **limits):
    """Return the (header block, content) pairs of a body that comes in pieces."""
    options = dict({"max_parts": 100, "max_header_size": 200}, **limits)
    parser = Parser(boundary, **options)
    parts = []
    pieces = iter(pieces)
    while True:
        event = parser.next_event()
        if event is None:
            parser.feed(next(pieces, b""))
            continue
        kind, data = event
        if kind == Parser.FORM_END:
            assert parser.done
            return parts
        if kind == Parser.PART:
            parts.append((data, None))
        elif kind == Parser.DATA:
            assert data
            parts[-1] = (parts[-1][0], (parts[-1][1] or b"") + data)
        else:
            parts[-1] = (parts[-1][0], parts[-1][1] or b"")


def outcome(pieces):
    """Return the parts, or the status and text of the error."""
    try:
        return parse(pieces)
    except HTTPException as error:
        return error.status_code, error.reason


def test_a_body_in_one_piece():
    assert parse([BODY]) == PARTS


def test_a_body_byte_by_byte():
    assert parse([BODY[i : i + 1] for i in range(len(BODY))]) == PARTS


def test_a_body_cut_at_every_place():
    for i in range(len(BODY) + 1):
        assert parse([piece for piece in (BODY[:i], BODY[i:]) if piece]) == PARTS, i


def test_a_body_cut_at_every_two_places():
    whole = b"--b\r\nA: b\r\n\r\n1\r\n--\r\r\n--bb\r\n--b- \r\n--b \r\n\r\n\r\n--b--"
    expected = [(b"A: b", b"1\r\n--\r\r\n--bb\r\n--b- "), (b"", b"")]
    for i in range(1, len(whole)):
        for j in range(i + 1, len(whole)):
            assert parse([whole[:i], whole[i:j], whole[j:]]) == expected


def test_malformed_bodies_fail_alike_wherever_they_are_cut():
    chance = random.Random(2046)
    seen = set()
    for _ in range(400):
        body = bytearray(BODY)
        for _ in range(3):
            i = chance.randrange(len(body))
            body[i : i + chance.randrange(3)] = chance.choice([b"", b"\r", b"\n", b"-", b"\r\n--b"])
        body = bytes(body)
        expected = outcome([body])
        seen.add(expected[0] if isinstance(expected, tuple) else 200)
        cuts = sorted(chance.sample(range(1, len(body)), 5))
        pieces = [body[i:j] for i, j in zip([0, *cuts], [*cuts, len(body)])]
        assert outcome(pieces) == expected
        assert outcome([body[i : i + 1] for i in range(len(body))]) == expected
    assert seen == {200, 400}


@pytest.mark.parametrize("size", [1, 5, 199, 200, 201, 202, 203, 204, 205, 300])
def test_header_blocks_up_to_the_limit(size):
    body = b"--b\r\n" + b"h" * size + b"\r\n\r\ncontent\r\n--b--"
    for pieces in ([body], [body[i : i + 1] for i in range(len(body))]):
        if size <= 200:
            assert parse(pieces) == [(b"h" * size, b"content")]
        else:
            with pytest.raises(HTTPException, match="max_header_size, 200") as error:
                parse(pieces)
            assert error.value.status_code == 413


def test_padding_up_to_the_limit():
    body = b"--b\r\n\r\n1\r\n--b%s\r\n\r\n2\r\n--b--"
    for pad, expected in (
        (b" " * MAX_PADDING, [(b"", b"1"), (b"", b"2")]),
        (b"\t" * (MAX_PADDING + 1), [(b"", b"1\r\n--b" + b"\t" * 257 + b"\r\n\r\n2")]),
    ):
        whole = body % pad
        assert parse([whole]) == expected
        assert parse([whole[i : i + 1] for i in range(len(whole))]) == expected


def test_parts_up_to_the_limit():
    part = b"--b\r\n\r\n\r\n\r\n"
    assert len(parse([b"--b\r\n\r\n\r\n" * 3 + b"--b--"], max_parts=3)) == 3
    assert len(parse([part.rstrip() + b"\r\n\r\n\r\n--b--"], max_parts=1)) == 1
    with pytest.raises(HTTPException, match="max_parts, 3") as error:
        parse([b"--b\r\n\r\n\r\n" * 4 + b"--b--"], max_parts=3)
    assert error.value.status_code == 413


def test_what_is_held_is_bounded():
    """Content that looks like the beginning of a delimiter again and again."""
    parser = Parser("b" * 70, 10, 200)
    parser.feed(b"--" + b"b" * 70 + b"\r\n\r\n\r\n")
    assert parser.next_event() == (Parser.PART, b"")
    got = most = fed = 0
    for piece in (b"\r", b"\r\n", b"\r\n--", b"\r\n--" + b"b" * 69, b"--", b"x") * 50:
        parser.feed(piece)
        fed += len(piece)
        while True:
            event = parser.next_event()
            if event is None:
                break
            got += len(event[1])
        most = max(most, fed - got)
    assert most <= len("\r\n--") + 70


def test_every_boundary_of_rfc_2046():
    for boundary in ("b", "b" * 70, "'()+_,-./:=?", "a b", "-", "--", "0"):
        delimiter = b"--" + boundary.encode()
        body = delimiter + b"\r\nA: b\r\n\r\n-\r\n-\r\n" + delimiter + b"--"
        for pieces in ([body], [body[i : i + 1] for i in range(len(body))]):
            assert parse(pieces, boundary) == [(b"A: b", b"-\r\n-")], boundary


def test_w_mp_01_the_end_of_the_input_is_an_error():
    parser = Parser("b", 1, 100)
    assert parser.next_event() is None
    with pytest.raises(HTTPException) as error:
        parser.feed(b"")
    assert error.value.status_code == 400


@pytest.mark.parametrize("name", ["parser", "names", "safe"])
def test_protocol_modules_do_no_io(name):
    path = importlib.util.find_spec("microdot.multipart." + name).origin
    for node in ast.walk(ast.parse(pathlib.Path(path).read_text())):
        assert not isinstance(node, (ast.Await, ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith))
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & {"asyncio", "socket", "time", "os"}


@pytest.mark.parametrize("number", range(1, 12))
def test_a_fault_has_a_test(number):
    """Those of contract section 28.6."""
    folder = pathlib.Path(__file__).resolve().parent
    names = ""
    for path in [*folder.glob("test_*.py"), folder.parent / "portable/test_multipart.py"]:
        names += " ".join(re.findall(r"def (test_\w+)", path.read_text())) + " "
    assert "w_mp_%02d" % number in names
