"""JSON Web Signatures with HS256, by PyJWT; the names are those of ``microdot.session.jws``."""

from typing import Any, Optional

from jwt import PyJWS
from jwt.algorithms import HMACAlgorithm
from jwt.utils import base64url_encode


class _AnyKey(HMACAlgorithm):
    # The API promises that short secrets work, so they are no reason for a warning.

    def prepare_key(self, key: Any) -> bytes:
        return bytes(key)

    def check_key_length(self, key: Any) -> Optional[str]:
        return None


_jws = PyJWS(algorithms=[])
_jws.register_algorithm("HS256", _AnyKey(HMACAlgorithm.SHA256))


def sign(payload: bytes, key: bytes) -> str:
    """Return a token: the compact serialization of RFC 7515 section 7.1."""
    return _jws.encode(payload, key, algorithm="HS256")


def verify(token: str, key: bytes) -> Optional[bytes]:
    """Return the payload of a token, None for what is no token that was signed with this key."""
    try:
        parts = _jws.decode_complete(token, key, algorithms=["HS256"])
    except Exception:
        # Clients send what they like. PyJWT reads the header before it looks at the signature,
        # so this is not only its own exceptions: nested brackets make a RecursionError.
        return None
    # PyJWT overlooks characters that are not base64url; one token is to be one text.
    if token.rpartition(".")[2].encode() != base64url_encode(parts["signature"]):
        return None
    return None if "crit" in parts["header"] else bytes(parts["payload"])
