"""JSON Web Signatures with HS256 (RFC 7515; RFC 7518 section 3.2). No input or output here.

A board signs and verifies with this module, CPython with PyJWT.
"""

import json
from binascii import a2b_base64, b2a_base64

from microdot.digests import hmac_sha256, same_secret

#: The header of every token that we sign: {"alg":"HS256","typ":"JWT"}
_HEADER = b"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"


def encode64(data: bytes) -> bytes:
    """Return bytes in base64url without padding (RFC 7515 section 2)."""
    text = b2a_base64(data).replace(b"\n", b"").rstrip(b"=")
    return text.replace(b"+", b"-").replace(b"/", b"_")


def decode64(text: bytes) -> bytes:
    """Return the bytes of a text in base64url without padding.

    :raises ValueError: it is not of such a length.
    """
    return a2b_base64(text.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(text) % 4))


def sign(payload: bytes, key: bytes) -> str:
    """Return a token: the compact serialization of RFC 7515 section 7.1.

    :param payload: what it says.
    :param key: the key.
    """
    text = _HEADER + b"." + encode64(payload)
    return (text + b"." + encode64(hmac_sha256(key, text))).decode()


def verify(token: str, key: bytes) -> "bytes | None":
    """Return the payload of a token, None for what is no token that was signed with this key.

    :param token: any text.
    :param key: the key.
    """
    try:
        head, payload, signature = token.encode().split(b".")
        if not same_secret(encode64(hmac_sha256(key, head + b"." + payload)), signature):
            return None
        # Only what the holder of the key has written gets here.
        header = json.loads(decode64(head).decode())
        if not isinstance(header, dict) or header.get("alg") != "HS256" or "crit" in header:
            return None
        return decode64(payload)
    except ValueError:
        return None
