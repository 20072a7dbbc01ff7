"""What CPython has for secrets: OpenSSL's HMAC, and a comparison in constant time."""

import hmac
from hmac import compare_digest as same_bytes


def octets(text: str) -> bytes:
    """Return text in UTF-8; half a surrogate pair, which JSON can bring, is kept."""
    return text.encode("utf-8", "surrogatepass")


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    """Return the authentication code of a message, 32 bytes (RFC 2104).

    :param key: the key, of any length.
    :param message: the message.
    """
    return hmac.digest(key, message, "sha256")


__all__ = ["hmac_sha256", "octets", "same_bytes"]
