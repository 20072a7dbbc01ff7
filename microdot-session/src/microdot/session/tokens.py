"""Signed tokens for one purpose: JSON Web Tokens (RFC 7519) with HS256.

Anybody can read what a token says; only who has the secret can make one.
"""

import json
from time import gmtime, time

from microdot.digests import hmac_sha256
from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from .cpython.jws import sign, verify
else:
    from .jws import sign, verify

__all__ = ["decode", "encode", "now"]

# Some boards count from 2000 on; tokens count from 1970 (RFC 7519 section 2).
_EPOCH = 946684800 if gmtime(0)[0] == 2000 else 0

# On MicroPython, True is no int.
_PLAIN = (str, int, bool, float)


def now() -> int:
    """Return the time as in tokens: seconds since 1970, on every platform."""
    return int(time()) + _EPOCH


def encode(
    payload: "dict[str, Any]", secrets: "Any", purpose: str, max_age: "int | None" = None
) -> str:
    """Return a signed token.

    :param payload: what it says: a dictionary of what JSON can hold.
    :param secrets: the secret, text or bytes; or several of them, of which the first one signs.
    :param purpose: what it is for, for example ``"password reset"``. It is no token for anything
                    else, nor a session.
    :param max_age: seconds that it is valid; None for ever.
    :raises ValueError: there is no secret or no purpose; a number that JSON cannot hold.
    :raises TypeError: the payload has something that JSON cannot hold.
    """
    start = now()
    claims = pack(payload, start, None if max_age is None else start + max_age)
    return sign_claims(claims, secrets, _checked(purpose))


def decode(token: "Any", secrets: "Any", purpose: str) -> "dict[str, Any] | None":
    """Return what a token says; None for anything but a valid token of this purpose.

    :param token: text from anywhere, or None.
    :param secrets: the secret; or several of them, any of which may have signed.
    :param purpose: what it must be for.
    :raises ValueError: there is no secret or no purpose.
    """
    claims = verify_claims(token, secrets, _checked(purpose))
    return None if claims is None else unpack(claims)[0]


def sign_claims(claims: "dict[str, Any]", secrets: "Any", purpose: str = "") -> str:
    """Return a token that says just this; without a purpose it is a plain JSON Web Token.

    :param claims: a dictionary of what JSON can hold.
    :param secrets: see ``encode``.
    :param purpose: what it is for.
    :raises ValueError: there is no secret; a number that JSON cannot hold.
    :raises TypeError: there is something else that JSON cannot hold.
    """
    keys = _keys(secrets, purpose)
    check_json(claims, "")
    return sign(json.dumps(claims, separators=(",", ":")).encode(), keys[0])


def verify_claims(token: "Any", secrets: "Any", purpose: str = "") -> "dict[str, Any] | None":
    """Return all that a token says; None when it is not valid, or not at this time.

    :param token: text from anywhere.
    :param secrets: see ``decode``.
    :param purpose: what it must be for.
    :raises ValueError: there is no secret.
    """
    payload = None
    for key in _keys(secrets, purpose):
        if payload is None and isinstance(token, str):
            payload = verify(token, key)
    if payload is None:
        return None
    try:
        claims = json.loads(payload.decode())
    except ValueError:
        return None
    if not isinstance(claims, dict):
        return None
    moment = now()
    for name in ("exp", "nbf"):  # RFC 7519 sections 4.1.4 and 4.1.5
        if name in claims:
            limit = claims[name]
            if not isinstance(limit, (int, float)) or (moment >= limit) == (name == "exp"):
                return None
    return claims


def pack(payload: "dict[str, Any]", start: int, end: "int | None") -> "dict[str, Any]":
    """Return claims: a payload, and when its time begins and ends.

    :param payload: a dictionary; where it has names that claims have, it is put under ``_``, and
                    an ``exp`` in it is a time that it expires at, too.
    :param start: when it was issued, for ``iat``.
    :param end: when it expires, for ``exp``; None for never.
    """
    claims: "dict[str, Any]" = {}
    if "iat" in payload or "exp" in payload or "nbf" in payload or "_" in payload:
        claims["_"] = payload
        own = payload.get("exp")
        if isinstance(own, (int, float)) and (end is None or own < end):
            end = own  # type: ignore[assignment]
    else:
        claims.update(payload)
    claims["iat"] = start
    if end is not None:
        claims["exp"] = end
    return claims


def unpack(claims: "dict[str, Any]") -> "tuple[dict[str, Any], Any, Any]":
    """Return (payload, start, end) of claims; those that ``pack`` has not made have no start.

    :param claims: what a token says.
    """
    start = claims.get("iat")
    if not isinstance(start, (int, float)):
        return claims, None, None
    del claims["iat"]
    end = claims.pop("exp", None)
    payload = claims.get("_")
    return payload if isinstance(payload, dict) else claims, start, end


def check_json(value: "Any", where: str) -> None:
    """Refuse what JSON cannot hold; a board would write something else in its place.

    :param value: the value.
    :param where: its place, for the message.
    :raises TypeError: an object of another type.
    :raises ValueError: an infinite number, or none.
    """
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, _PLAIN) and key is not None:
                raise TypeError(
                    "%s has the key %r, which JSON cannot hold; use text" % (where or "it", key)
                )
            check_json(value[key], "%s[%r]" % (where, key))
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            check_json(item, "%s[%d]" % (where, i))
    elif isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(
                "%s is %r, which JSON cannot hold; use a finite number or None" % (where, value)
            )
    elif value is not None and not isinstance(value, _PLAIN):
        raise TypeError(
            "%s is %r, which JSON cannot hold; use text, numbers, True, False, None, lists and "
            "dictionaries" % (where, value)
        )


def _checked(purpose: str) -> str:
    if not purpose or not isinstance(purpose, str):
        raise ValueError("purpose=%r is none; say what the token is for, in text" % (purpose,))
    return purpose


def _keys(secrets: "Any", purpose: str) -> "list[bytes]":
    keys = []
    for secret in (secrets,) if isinstance(secrets, (str, bytes)) else secrets or ():
        if isinstance(secret, str):
            secret = secret.encode()
        if not secret or not isinstance(secret, bytes):
            raise ValueError("a secret is empty, or neither text nor bytes; give a random text")
        # A key of its own for each purpose: no claim can make one token pass for another.
        keys.append(hmac_sha256(secret, b"microdot " + purpose.encode()) if purpose else secret)
    if not keys:
        raise ValueError("there is no secret to sign with; give a random text as secret_key")
    return keys
