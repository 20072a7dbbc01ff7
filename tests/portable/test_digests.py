"""Signatures and the comparison of secrets. On both platforms."""

import json
from binascii import unhexlify

from microdot import auth, digests
from microdot.digests import hmac_sha256, same_secret


def test_the_examples_of_rfc_4231():
    for key, message, code in (
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            bytes(range(1, 26)),
            b"\xcd" * 50,
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
        (
            b"\xaa" * 131,
            b"This is a test using a larger than block-size key and a larger than block-size data. "
            b"The key needs to be hashed before being used by the HMAC algorithm.",
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        ),
    ):
        assert hmac_sha256(key, message) == unhexlify(code)


def test_w_sec_10_secrets_are_compared_in_full():
    assert same_secret("abc", "abc")
    assert same_secret("abc", b"abc")
    assert same_secret(b"", "")
    assert same_secret("\u20ac", b"\xe2\x82\xac")
    for other in ("abd", "bbc", "ab", "abcd", "", b"ab\x00"):
        assert not same_secret("abc", other)
        assert not same_secret(other, "abc")
    # What is missing, or no text, is the same as nothing; not even as itself.
    for other in (None, 5, ["abc"]):
        assert not same_secret(other, other)
        assert not same_secret("abc", other)
    # JSON brings half a surrogate pair.
    assert not same_secret(json.loads('"\\ud800"'), "abc")


def test_w_sec_10_comparing_takes_the_same_time_wherever_the_difference_is():
    class Counted:
        # Bytes that count how many of them are looked at.
        def __init__(self, data):
            self.data = data
            self.seen = 0

        def __len__(self):
            return len(self.data)

        def __getitem__(self, index):
            self.seen += 1
            return self.data[index]

    if digests.CPYTHON:
        import hmac

        assert digests.same_bytes is hmac.compare_digest
        return
    for other in (b"xbcdef", b"abcdex", b"abcdef"):
        one = Counted(b"abcdef")
        digests.same_bytes(one, other)
        assert one.seen == 6


def test_microdot_auth_has_it_too():
    assert auth.same_secret is same_secret
