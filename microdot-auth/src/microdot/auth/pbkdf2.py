"""PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2, RFC 2104) for a board; CPython has a faster one."""

import asyncio
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

#: Rounds between two pauses, in which other tasks run.
PIECE = 20


def _work(password: bytes, salt: bytes, iterations: int) -> "Iterator[int]":
    # Yields -1 for each pause, at last the result as a number.
    if len(password) > 64:
        password = sha256(password).digest()
    key = password + bytes(64 - len(password))
    # The two inputs of HMAC: a padded key, and the 32 bytes that change.
    inner = bytearray(96)
    outer = bytearray(96)
    for i in range(64):
        inner[i] = key[i] ^ 0x36
        outer[i] = key[i] ^ 0x5C
    outer[64:] = sha256(bytes(inner[:64]) + salt + b"\0\0\0\1").digest()
    block = sha256(outer).digest()
    result = int.from_bytes(block, "big")
    for number in range(1, iterations):
        inner[64:] = block
        outer[64:] = sha256(inner).digest()
        block = sha256(outer).digest()
        result ^= int.from_bytes(block, "big")
        if number % PIECE == 0:
            yield -1
    yield result


def pbkdf2(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return the 32 bytes derived from a password.

    :param password: the password.
    :param salt: bytes that are different for each password.
    :param iterations: rounds, from 1 on.
    """
    result = -1
    for result in _work(password, salt, iterations):
        pass
    return result.to_bytes(32, "big")


async def pbkdf2_async(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return what ``pbkdf2`` returns; other tasks run meanwhile."""
    result = -1
    for result in _work(password, salt, iterations):
        if result < 0:
            await asyncio.sleep(0)
    return result.to_bytes(32, "big")
