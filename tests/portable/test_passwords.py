"""Password hashes: RFC 7914 section 11 has the vectors, RFC 2104 and RFC 8018 the rules."""

import asyncio
import binascii
import json

from microdot.auth import (
    check_password,
    check_password_async,
    hash_password,
    hash_password_async,
    needs_rehash,
)
from microdot.auth.passwords import ITERATIONS, pbkdf2, pbkdf2_async
from microdot.helpers import CPYTHON


def run(coro):
    return asyncio.run(coro)


def refused(exception, call, *args):
    try:
        call(*args)
    except exception as error:
        return str(error)
    raise AssertionError("not refused")


# RFC 7914 section 11, the first 32 bytes of each.
ONE = "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
MANY = "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"


def text(password, salt, iterations, digest):
    """Return the stored form, put together by hand."""

    def encode(data):
        return binascii.b2a_base64(data)[:-1].decode().rstrip("=")

    return "$pbkdf2-sha256$i=%d$%s$%s" % (
        iterations,
        encode(salt),
        encode(binascii.unhexlify(digest)),
    )


def test_the_vectors_of_rfc_7914():
    assert pbkdf2(b"passwd", b"salt", 1) == binascii.unhexlify(ONE)
    assert pbkdf2(b"Password", b"NaCl", 80000) == binascii.unhexlify(MANY)
    assert run(pbkdf2_async(b"passwd", b"salt", 1)) == binascii.unhexlify(ONE)
    assert check_password("passwd", text("passwd", b"salt", 1, ONE))
    assert not check_password("passwD", text("passwd", b"salt", 1, ONE))


def test_keys_as_long_as_a_block_and_longer():
    # RFC 2104 section 2: longer keys are hashed first. Made with OpenSSL.
    for size, digest in (
        (64, "59e38449e5b5499366e8ef715d2cb11880bafafa02ff5699caa77948092dc60c"),
        (65, "37681f3749277f6b4ddde0ffeb99b3fcf332f61ba1ee3612ed0fd921583c6cfe"),
    ):
        assert pbkdf2(b"k" * size, b"salt", 3) == binascii.unhexlify(digest)


def test_a_hash_says_how_it_was_made():
    hashed = hash_password("top secret", 7)
    empty, name, rounds, salt, digest = hashed.split("$")
    assert (empty, name, rounds) == ("", "pbkdf2-sha256", "i=7")
    # 16 and 32 bytes in Base64 without padding.
    assert (len(salt), len(digest)) == (22, 43)
    assert check_password("top secret", hashed)
    assert not check_password("top secre", hashed)
    assert not check_password("", hashed)


def test_no_two_hashes_are_alike():
    assert hash_password("x", 1) != hash_password("x", 1)


def test_text_of_any_script():
    hashed = hash_password("\u20acuro \U0001f511", 2)
    assert check_password("\u20acuro \U0001f511", hashed)
    assert not check_password("?uro ?", hashed)
    assert check_password("", hash_password("", 1))


def test_the_default_is_what_the_platform_affords():
    hashed = hash_password("x")
    assert hashed.split("$")[2] == "i=%d" % ITERATIONS
    assert ITERATIONS in (1000, 600000)
    assert check_password("x", hashed)


def test_a_coroutine_does_the_same_while_others_run():
    turns = []

    async def others():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(others())
        # A thread that is done at once would leave nobody a turn.
        hashed = await hash_password_async("x", 300000 if CPYTHON else 2000)
        assert len(turns) > 2
        begun = len(turns)
        assert await check_password_async("x", hashed)
        assert not await check_password_async("y", hashed)
        assert len(turns) > begun + 2
        task.cancel()

    run(main())


def test_a_user_that_does_not_exist_has_no_password():
    assert check_password("x", None) is False
    assert check_password("", None) is False
    assert run(check_password_async("x", None)) is False


def test_what_is_no_text_is_no_password():
    # Fields that are missing, and what JSON can bring.
    for hashed in (hash_password("", 1), hash_password("x", 1)):
        for password in (None, 5, [], {}, b"", b"x"):
            assert check_password(password, hashed) is False
            assert run(check_password_async(password, hashed)) is False
        assert not check_password(json.loads('"\\ud800"'), hashed)


def test_what_is_no_hash_is_said():
    good = text("passwd", b"salt", 1, ONE)
    for bad in (
        "",
        "secret",
        good[1:],
        good.replace("sha256", "sha1"),
        good.replace("i=1", "i=0"),
        good.replace("i=1", "i=-1"),
        good.replace("i=1", "i=x"),
        good[:-2],
        good + "$",
        good.rpartition("$")[0],
    ):
        message = refused(ValueError, check_password, "passwd", bad)
        assert "hash_password" in message
        assert "secret" not in message
    for bad in (5, b"x", []):
        refused(ValueError, check_password, "passwd", bad)
    for rounds in (0, -5, "7", 1.5):
        assert "iterations" in refused(ValueError, hash_password, "x", rounds)


def test_hashes_with_fewer_rounds_are_found():
    hashed = hash_password("x", 5)
    assert needs_rehash(hashed)
    assert needs_rehash(hashed, 6)
    assert not needs_rehash(hashed, 5)
    assert not needs_rehash(hashed, 4)
