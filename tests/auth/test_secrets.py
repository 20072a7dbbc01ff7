"""What only CPython can tell of secrets: OpenSSL beside our own derivation, names, threads."""

import asyncio
import hashlib
import os
import random
import threading

import microdot.auth
import pytest
from microdot.auth import check_password, hash_password, pbkdf2
from microdot.auth.cpython import pbkdf2 as threaded


@pytest.mark.parametrize("length", [0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 1000])
def test_our_own_derivation_is_that_of_openssl(length):
    source = random.Random(length)
    for rounds in (1, 2, 19, 20, 21, 41):
        password = bytes(source.randrange(256) for _ in range(length))
        salt = bytes(source.randrange(256) for _ in range(source.randint(0, 40)))
        expected = hashlib.pbkdf2_hmac("sha256", password, salt, rounds)
        assert pbkdf2.pbkdf2(password, salt, rounds) == expected
        assert asyncio.run(pbkdf2.pbkdf2_async(password, salt, rounds)) == expected


def test_a_hash_of_a_board_is_good_here():
    # hash_password("top secret", 1000), made by MicroPython.
    made = "$pbkdf2-sha256$i=1000$" + BOARD
    assert check_password("top secret", made)
    assert not check_password("top secre", made)


BOARD = "TnNLnWg8HIruk7TfoddUFg$TzkP18mv3JKYNG5UaqRs9OXswCgcERD74N7XrUciFgc"


def test_salts_come_from_the_system(monkeypatch):
    monkeypatch.setattr(os, "urandom", lambda count: b"s" * count)
    assert hash_password("x", 1).split("$")[3] == "c3Nzc3Nzc3Nzc3Nzc3Nzcw"


def test_a_thread_derives(monkeypatch):
    threads = []
    original = hashlib.pbkdf2_hmac

    def spy(*arguments):
        threads.append(threading.current_thread())
        return original(*arguments)

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", spy)
    asyncio.run(threaded.pbkdf2_async(b"x", b"salt", 1))
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def test_every_name_is_there():
    for name in microdot.auth.__all__:
        assert getattr(microdot.auth, name).__doc__


def test_a_board_finds_every_name(micropython):
    names = ",".join(microdot.auth.__all__)
    done = micropython(
        "-c",
        "import microdot.auth\n"
        "for name in %r.split(','): assert getattr(microdot.auth, name)\n"
        "from microdot.auth import BasicAuth, Guard, check_password\n"
        "try:\n    microdot.auth.nothing\nexcept AttributeError as error:\n    print(error)"
        % names,
    )
    assert done.returncode == 0, done.stdout
    assert done.stdout.strip() == "nothing"
