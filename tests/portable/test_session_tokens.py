"""Signed tokens: RFC 7515, RFC 7519, RFC 4231. On CPython with PyJWT, on MicroPython with our own verifier."""

import json
import sys

from microdot.session import jws, tokens
from microdot.session.tokens import decode, encode, sign_claims, verify_claims

MODULES = [jws]
if sys.implementation.name == "cpython":
    from microdot.session.cpython import jws as with_pyjwt

    MODULES.append(with_pyjwt)

# RFC 7515, appendix A.1: header, payload, key and token.
A1_KEY = jws.decode64(
    b"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
)
A1_PAYLOAD = b'{"iss":"joe",\r\n "exp":1300819380,\r\n "http://example.com/is_root":true}'
A1_TOKEN = (
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
)

# Signed on the other platform: by PyJWT (escapes), and by MicroPython (none).
BY_PYJWT = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxLCJcdTAwZTkiOiJcdTAwZmMifQ"
    ".slt5Jjx0YctaUqJ20T2oh6P39KeAHD9LVPKpvgV_rS8"
)
BY_MICROPYTHON = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxLCLDqSI6IsO8In0"
    ".m-1reFBxeRtzcR-3pv3U6ert72gpcYv0mH8nwQ5IgmM"
)


class Clock:
    """Makes it another time, in seconds since 1970."""

    def __init__(self, time):
        self.time = time - tokens._EPOCH

    def __enter__(self):
        self.real = tokens.time
        tokens.time = lambda: self.time
        return self

    def __exit__(self, *exc):
        tokens.time = self.real


def refused(exception, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


def token_of(header, payload, key=b"k"):
    """A token with any header, with a right signature."""
    text = jws.encode64(header) + b"." + jws.encode64(payload)
    return (text + b"." + jws.encode64(jws.hmac_sha256(key, text))).decode()


def test_the_token_of_rfc_7515_appendix_a1():
    for module in MODULES:
        assert module.verify(A1_TOKEN, A1_KEY) == A1_PAYLOAD
        assert module.verify(A1_TOKEN, A1_KEY[:-1]) is None
        assert module.verify(A1_TOKEN, A1_KEY + b"\0") is None
    with Clock(1300819379):
        claims = verify_claims(A1_TOKEN, A1_KEY)
        assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    with Clock(1300819380):  # RFC 7519 section 4.1.4: on or after
        assert verify_claims(A1_TOKEN, A1_KEY) is None


def test_the_unsecured_token_of_rfc_7515_appendix_a5():
    payload = A1_TOKEN.split(".")[1]
    for module in MODULES:
        for header in ('{"alg":"none"}', '{"alg":"None"}', '{"typ":"JWT"}', "{}"):
            unsigned = jws.encode64(header.encode()).decode() + "." + payload + "."
            assert module.verify(unsigned, A1_KEY) is None, header
            assert module.verify(token_of(header.encode(), A1_PAYLOAD, A1_KEY), A1_KEY) is None


def test_w_sess_05_only_headers_of_hs256_count_even_with_a_right_signature():
    for module in MODULES:
        for header in (
            b'{"alg":"HS512"}', b'{"alg":"RS256"}', b'{"alg":null}', b'{"alg":["HS256"]}', b"{}",
            b"[]", b"1", b'"HS256"', b"null", b"", b"{", b"\xff\xfe", b'{"alg":"HS256","crit":["x"]}',
        ):  # fmt: skip
            assert module.verify(token_of(header, b"{}"), b"k") is None, header
        assert module.verify(token_of(b'{"alg":"HS256"}', b"{}"), b"k") == b"{}"


def test_w_sess_05_malformed_tokens_are_no_tokens():
    good = sign_claims({"a": 1}, "k")
    head, payload, signature = good.split(".")
    cases = [
        "", ".", "..", "...", "....", "x", "x.y", "x.y.z", good + ".", "." + good, good[:-1], good + "=",
        good + "A", head + "." + payload, head + "." + payload + ".", ".." + signature, good + "\n",
        head + "." + payload + "." + signature + "." + signature, " " + good, good.replace(".", ". "),
        head + ".." + signature, "\u20ac" + good, good + "\u20ac", "\0", "[" * 5000, "{" * 5000 + ".e30.",
        jws.encode64(b"[" * 3000).decode() + "." + payload + "." + signature,
    ]  # fmt: skip
    for module in MODULES:
        assert module.verify(good, b"k") == b'{"a":1}'
        for case in cases:
            assert module.verify(case, b"k") is None, case[:60]
    for case in cases:
        assert verify_claims(case, "k") is None and decode(case, "k", "p") is None
    for case in (None, b"x", 1, [], {}):
        assert verify_claims(case, "k") is None and decode(case, "k", "p") is None


def test_every_character_of_a_token_matters():
    good = sign_claims({"id": 7}, "k")
    for module in MODULES:
        for i in range(len(good)):
            for char in "AQ-.=+":
                if good[i] != char:
                    assert module.verify(good[:i] + char + good[i + 1 :], b"k") is None, (i, char)


def test_payloads_that_are_no_objects():
    for payload in (b"[]", b"1", b"null", b'"x"', b"", b"\xff"):
        assert verify_claims(token_of(b'{"alg":"HS256"}', payload), "k") is None, payload


def test_times_that_are_no_numbers():
    for name in ("exp", "nbf"):
        for value in ('"9999999999"', "null", "[]", "{}"):
            payload = '{"%s":%s}' % (name, value)
            assert verify_claims(token_of(b'{"alg":"HS256"}', payload.encode()), "k") is None
    with Clock(1000):
        assert verify_claims(sign_claims({"nbf": 1000}, "k"), "k") == {"nbf": 1000}
        assert verify_claims(sign_claims({"nbf": 1001}, "k"), "k") is None


def test_tokens_of_the_other_platform():
    for module in MODULES:
        for token in (BY_PYJWT, BY_MICROPYTHON):
            assert json.loads(module.verify(token, b"x").decode()) == {"a": 1, "\xe9": "\xfc"}
        assert module.sign(b'{"a":1}', b"k") == (
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJhIjoxfQ"
            ".HYfzqBpLbCOo950TeHdytWxg8UHtAmEQCW7ITVky6Gc"
        )


def test_payloads_of_every_length_survive():
    for module in MODULES:
        for size in range(300):
            payload = bytes([(i * 7 + size) & 255 for i in range(size)])
            for other in MODULES:
                assert other.verify(module.sign(payload, b"key"), b"key") == payload


def test_encode_and_decode():
    payload = {"id": 1, "name": "\u20ac", "list": [1, 2.5, None, True], "deep": {"a": {"b": "c"}}}
    token = encode(payload, "secret", "reset")
    assert decode(token, "secret", "reset") == payload
    assert decode(token, b"secret", "reset") == payload
    assert decode(token, "Secret", "reset") is None


def test_tokens_are_valid_for_max_age_seconds():
    with Clock(5000) as clock:
        token = encode({"a": 1}, "k", "p", 60)
        clock.time += 59
        assert decode(token, "k", "p") == {"a": 1}
        clock.time += 1
        assert decode(token, "k", "p") is None
        for_ever = encode({"a": 1}, "k", "p")
        clock.time += 2000000000
        assert decode(for_ever, "k", "p") == {"a": 1}


def test_a_token_is_for_one_purpose():
    token = encode({"user_id": 1}, "k", "remember")
    assert decode(token, "k", "remembe") is None
    assert decode(token, "k", "reset") is None
    assert verify_claims(token, "k") is None
    assert decode(sign_claims({"user_id": 1}, "k"), "k", "remember") is None


def test_w_sess_01_keys_can_be_changed():
    old = encode({"a": 1}, "old", "p")
    assert decode(old, ["new", "old"], "p") == {"a": 1}
    assert decode(old, ("new", b"old"), "p") == {"a": 1}
    assert decode(old, ["new"], "p") is None
    new = encode({"a": 2}, ["new", "old"], "p")
    assert decode(new, "new", "p") == {"a": 2}
    assert decode(new, "old", "p") is None


def test_names_of_claims_in_a_payload_are_its_own():
    with Clock(5000) as clock:
        for payload in (
            {"iat": "x"},
            {"_": 1},
            {"exp": "never"},
            {"iat": 1, "exp": [2], "_": {}},
            {},
        ):
            token = encode(payload, "k", "p", 10)
            assert decode(token, "k", "p") == payload
        # An earlier end that the payload asks for is one.
        token = encode({"exp": 5005, "a": 1}, "k", "p", 10)
        assert decode(token, "k", "p") == {"exp": 5005, "a": 1}
        clock.time += 5
        assert decode(token, "k", "p") is None


def test_without_a_secret_or_a_purpose_there_is_an_error():
    for secrets in (None, "", b"", [], [""], ["x", ""], ["x", 1]):
        assert "secret" in refused(ValueError, encode, {}, secrets, "p")
        assert "secret" in refused(ValueError, decode, "x.y.z", secrets, "p")
    for purpose in (None, "", 1):
        assert "purpose" in refused(ValueError, encode, {}, "k", purpose)
        assert "purpose" in refused(ValueError, decode, "x.y.z", "k", purpose)


def test_what_json_cannot_hold_is_refused_and_named():
    for payload, where in (
        ({"a": object()}, "['a']"),
        ({"a": [1, {"b": b"bytes"}]}, "['a'][1]['b']"),
        ({"a": set()}, "['a']"),
        ({"a": 1j}, "['a']"),
        ({"a": {(1, 2): 3}}, "['a'] has the key (1, 2)"),
        ({(1, 2): 3}, "it has the key (1, 2)"),
    ):
        assert where in refused(TypeError, encode, payload, "k", "p")
    for value in (float("inf"), float("-inf"), float("nan")):
        assert "['a']" in refused(ValueError, encode, {"a": value}, "k", "p")


def test_short_and_long_secrets_are_accepted():
    for secret in ("x", "top-secret", "\u20ac", b"\x00\xff", "x" * 1000):
        assert decode(encode({"a": 1}, secret, "p"), secret, "p") == {"a": 1}
