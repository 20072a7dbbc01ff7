"""What CPython has for secrets: OpenSSL's PBKDF2, and a comparison in constant time."""

import hashlib
from hmac import compare_digest as same_bytes

from microdot.helpers import invoke_handler


def octets(text: str) -> bytes:
    """Return text in UTF-8; half a surrogate pair, which JSON can bring, is kept."""
    return text.encode("utf-8", "surrogatepass")


def pbkdf2(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return the 32 bytes derived from a password; parameters as in ``microdot.auth.pbkdf2``."""
    return hashlib.pbkdf2_hmac("sha256", password, salt, iterations)


async def pbkdf2_async(password: bytes, salt: bytes, iterations: int) -> bytes:
    """Return what ``pbkdf2`` returns; a thread computes it, without the interpreter's lock."""
    return await invoke_handler(pbkdf2, password, salt, iterations)  # type: ignore[no-any-return]


__all__ = ["octets", "pbkdf2", "pbkdf2_async", "same_bytes"]
