"""The sans-IO parser gives the same wherever its input is cut (RFC 9112). Both platforms."""

from microdot.errors import ProtocolError
from microdot.http11 import Parser

HEAD = b"POST /path?q=1 HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n"
MESSAGES = (
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    (b"GET / HTTP/1.0\n\n", b""),
    (b"GET / HTTP/1.0\nA: b\n\r\n", b""),
    (b"\r\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    (HEAD + b"Content-Length: 10\r\n\r\n0123456789", b"0123456789"),
    (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        b"abc0123456789",
    ),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n", b""),
)
REFUSED = (
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET /" + b"a" * 3000, 414),
    (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 17000, 431),
    (b"GET / HTTP/3.0\r\n\r\n", 505),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", 400),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 17000, 400),
)


def feed(pieces):
    """Return (head, header pairs, body, what is left) of the message in the pieces."""
    parser = Parser()
    head = None
    body = b""
    ended = False
    for piece in pieces:
        parser.receive(piece)
        if head is None:
            head = parser.head()
        while head is not None and not ended:
            data = parser.body(4)
            if data is None:
                break
            ended = not data
            body += data
    return head, parser.fields.pairs if head else None, body, ended, parser.buffer


def test_every_message_in_one_piece():
    for message, body in MESSAGES:
        head, _, got, ended, rest = feed([message + b"NEXT"])
        assert head[0] in ("GET", "POST")
        assert (got, ended, rest) == (body, True, b"NEXT"), message


def test_every_message_cut_at_every_place():
    for message, _ in MESSAGES:
        whole = feed([message])
        for cut in range(1, len(message)):
            assert feed([message[:cut], message[cut:]]) == whole, (message, cut)


def test_every_message_byte_by_byte():
    for message, _ in MESSAGES:
        assert feed([message[i : i + 1] for i in range(len(message))]) == feed([message])


def status(pieces):
    try:
        feed(pieces)
    except ProtocolError as error:
        return error.status_code
    return None


def test_what_is_refused_is_refused_wherever_it_is_cut():
    for message, expected in REFUSED:
        assert status([message]) == expected, message[:60]
        for size in (1 if len(message) < 5000 else 97, 1000):
            assert status(cut(message, size)) == expected, (message[:60], size)


def cut(message, size):
    for i in range(0, len(message), size):
        yield message[i : i + size]


def test_two_messages_follow_each_other():
    parser = Parser()
    for number in range(3):
        parser.receive(b"GET /%d HTTP/1.1\r\nHost: x\r\nA: %d\r\n\r\n" % (number, number))
    for number in range(3):
        assert parser.head()[1] == "/%d" % number
        assert parser.fields.pairs == [("Host", "x"), ("A", str(number))]
    assert parser.head() is None


def test_a_limit_of_fields():
    parser = Parser(2048, 16384, 2)
    parser.receive(b"GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\n\r\n")
    try:
        parser.head()
    except ProtocolError as error:
        assert error.status_code == 431
        return
    raise AssertionError("three fields were accepted")
