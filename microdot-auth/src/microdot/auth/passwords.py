"""Passwords: PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2) in a text that says how it was made.

The text is ``$pbkdf2-sha256$i=600000$salt$hash``, salt and hash in Base64 without padding, as the
PHC string format has it. It is the same on both platforms.
"""

import binascii
import os

from microdot.digests import octets, same_secret
from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.pbkdf2 import pbkdf2, pbkdf2_async

    #: Rounds of new hashes. More make guessing slower, and logging in.
    ITERATIONS = 600000
else:
    from .pbkdf2 import pbkdf2, pbkdf2_async

    ITERATIONS = 1000

_PREFIX = "$pbkdf2-sha256$i="


def hash_password(password: str, iterations: "int | None" = None) -> str:
    """Return the text to store for a password.

    It takes long, on purpose: in a coroutine use ``hash_password_async``.

    :param password: the password.
    :param iterations: rounds, from 1 on; ``ITERATIONS`` if omitted: 600000, on MicroPython 1000.
    :raises ValueError: the number of rounds cannot be.
    """
    rounds, salt = _new(iterations)
    return _format(rounds, salt, pbkdf2(octets(password), salt, rounds))


async def hash_password_async(password: str, iterations: "int | None" = None) -> str:
    """Do what ``hash_password`` does, while other requests go on.

    On CPython a thread does the work, on MicroPython the work is done in small pieces.

    :param password: the password.
    :param iterations: see ``hash_password``.
    :raises ValueError: the number of rounds cannot be.
    """
    rounds, salt = _new(iterations)
    return _format(rounds, salt, await pbkdf2_async(octets(password), salt, rounds))


def check_password(password: "str | None", hashed: "str | None") -> bool:
    """Tell whether a password is the one that was hashed.

    It takes long, on purpose: in a coroutine use ``check_password_async``.

    :param password: the password; what is no text, such as the None of a field that is missing,
                     is never the right one.
    :param hashed: what ``hash_password`` returned; None for a user that does not exist, which is
                   False and takes as long as a new hash, so that nobody can find out who exists.
    :raises ValueError: it was not made by ``hash_password``.
    """
    rounds, salt, digest = _parse(hashed)
    made = pbkdf2(_octets(password), salt, rounds)
    return _agree(password, hashed, made, digest)


async def check_password_async(password: "str | None", hashed: "str | None") -> bool:
    """Do what ``check_password`` does, while other requests go on.

    :param password: the password.
    :param hashed: what ``hash_password`` returned; None for a user that does not exist.
    :raises ValueError: it was not made by ``hash_password``.
    """
    rounds, salt, digest = _parse(hashed)
    made = await pbkdf2_async(_octets(password), salt, rounds)
    return _agree(password, hashed, made, digest)


def needs_rehash(hashed: str, iterations: "int | None" = None) -> bool:
    """Tell whether a password was hashed with fewer rounds than now, to be hashed anew at login.

    :param hashed: what ``hash_password`` returned.
    :param iterations: the rounds wanted; ``ITERATIONS`` if omitted.
    :raises ValueError: it was not made by ``hash_password``.
    """
    return _parse(hashed)[0] < (iterations or ITERATIONS)


def _new(iterations: "int | None") -> "tuple[int, bytes]":
    if iterations is None:
        iterations = ITERATIONS
    if not isinstance(iterations, int) or iterations < 1:
        raise ValueError("iterations=%r cannot be; give a number from 1 on" % (iterations,))
    return iterations, os.urandom(16)


def _format(iterations: int, salt: bytes, digest: bytes) -> str:
    return "%s%d$%s$%s" % (_PREFIX, iterations, _encode(salt), _encode(digest))


def _parse(hashed: "str | None") -> "tuple[int, bytes, bytes]":
    if hashed is None:
        return ITERATIONS, b"nobody has this.", bytes(32)
    try:
        rounds, salt, digest = hashed[len(_PREFIX) :].split("$")
        parsed = int(rounds), _decode(salt), _decode(digest)
        if hashed.startswith(_PREFIX) and parsed[0] > 0 and len(parsed[2]) == 32:
            return parsed
    except (AttributeError, TypeError, ValueError):
        pass
    # Not shown: whatever it is, it stands where secrets are kept.
    raise ValueError("this is no password hash; store what hash_password() returns")


def _octets(password: "Any") -> bytes:
    return octets(password) if isinstance(password, str) else b""


def _agree(password: "Any", hashed: "str | None", made: bytes, digest: bytes) -> bool:
    same = same_secret(made, digest)
    return same and hashed is not None and isinstance(password, str)


def _encode(data: bytes) -> str:
    return binascii.b2a_base64(data)[:-1].decode().rstrip("=")


def _decode(text: str) -> "Any":
    return binascii.a2b_base64(text + "=" * (-len(text) % 4))
