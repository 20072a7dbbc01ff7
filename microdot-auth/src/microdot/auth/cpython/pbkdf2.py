"""What CPython has for passwords: OpenSSL's PBKDF2."""

import hashlib

from microdot.helpers import invoke_handler


def pbkdf2(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return the 32 bytes derived from a password; parameters as in ``microdot.auth.pbkdf2``."""
    return hashlib.pbkdf2_hmac("sha256", password, salt, iterations)


async def pbkdf2_async(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return what ``pbkdf2`` returns; a thread computes it, without the interpreter's lock."""
    return await invoke_handler(pbkdf2, password, salt, iterations)  # type: ignore[no-any-return]


__all__ = ["pbkdf2", "pbkdf2_async"]
