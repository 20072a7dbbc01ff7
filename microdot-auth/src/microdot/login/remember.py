"""The cookie that remembers a user: a signed token that names the user and one login.

It is valid for the days that were asked for, counted from the login, and is never written anew.
What ends before its time is noted in ``microdot.login.revoked``.
"""

import binascii
import os

from microdot.helpers import invoke_handler

from .state import find_sessions, load_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .manager import Login

#: The name of the cookie, and what the tokens in it are for.
COOKIE = "_remember"
PURPOSE = "microdot.login remember"
#: Days that ``remember=True`` stands for.
DAYS = 30


def days_of(remember: "Any") -> float:
    """Return the days that a ``remember`` argument asks for, 0 for none.

    :raises TypeError: it is neither a number nor True.
    :raises ValueError: it is not above 0, or has no end.
    """
    if remember is True:
        return DAYS
    if not remember:
        return 0
    if not isinstance(remember, (int, float)):
        raise TypeError("remember=%r is no number of days; give one, or True" % (remember,))
    if not 0 < remember < 1e6:
        raise ValueError("remember=%r cannot be; give a number of days above 0" % remember)
    return remember


async def remember_user(login: "Login", request: "Any", user: "Any", days: float) -> None:
    """Let the response bring the cookie that remembers a user.

    :param login: the ``Login``.
    :param request: the request.
    :param user: the user.
    :param days: for how long.
    """
    from time import time

    from microdot.session.tokens import encode

    seconds = max(1, int(days * 86400 + 0.5))
    # "begun" and "until" are compared with this clock only; "exp" is that of the token.
    begun = int(time())
    payload = {
        "user_id": user.id,
        "begun": begun,
        "until": begun + seconds,
        "series": binascii.hexlify(os.urandom(16)).decode(),
        "key": await _key(login, user),
    }
    token = encode(payload, find_sessions(request).secret_key, PURPOSE, seconds)
    _queue(login, request, token, seconds, user.id)


async def recall(login: "Login", request: "Any") -> "Any":
    """Return the user that the cookie of a request remembers, None without one.

    :param login: the ``Login``.
    :param request: the request.
    """
    payload = _read(request)
    if payload is None:
        return None
    from microdot.login.revoked import is_revoked

    if await is_revoked(login, find_sessions(request).store, payload):
        return None
    user = await load_user(login, payload["user_id"])
    if user is not None and await _key(login, user) != payload.get("key"):
        return None
    return user


async def forget(login: "Login", request: "Any", user_id: "Any") -> None:
    """End the remembered login that the cookie of a request stands for, and remove the cookie.

    :param login: the ``Login``.
    :param request: the request.
    :param user_id: leave that of this user as it is; None for nobody.
    """
    # One that this very request has begun is simply not sent.
    queued = getattr(request.g, "_remember", None)
    if queued is not None and (user_id is None or queued[3] != user_id):
        request.g._remember = None
    if COOKIE not in request.cookies:
        return
    payload = _read(request)
    if payload is not None:
        if user_id is not None and payload["user_id"] == user_id:
            return
        from microdot.login.revoked import revoke

        await revoke(login, find_sessions(request).store, payload)
    _queue(login, request, "", 0, None)


def _read(request: "Any") -> "dict[str, Any] | None":
    from microdot.session.tokens import decode

    payload = decode(request.cookies.get(COOKIE), find_sessions(request).secret_key, PURPOSE)
    if payload is None or payload.get("user_id") is None:
        return None
    return payload


async def _key(login: "Login", user: "Any") -> "str | None":
    # Not the text itself: anybody can read what a token says.
    if login.remember_key_callback is None:
        return None
    from hashlib import sha256

    text = await invoke_handler(login.remember_key_callback, user)
    return binascii.hexlify(sha256(str(text).encode()).digest()[:12]).decode()


def _queue(login: "Login", request: "Any", token: str, seconds: int, user_id: "Any") -> None:
    # One cookie, however often it changes in a request.
    if not hasattr(request.g, "_remember"):
        request.after_request(_write)
    request.g._remember = (login, token, seconds, user_id)


async def _write(request: "Any", response: "Any") -> None:
    if request.g._remember is None:
        return
    login, token, seconds, _ = request.g._remember
    options = {
        "path": "/",
        "http_only": True,
        "same_site": "Lax",
        "secure": request.scheme == "https",
    }
    options.update(login.cookie_options)
    if token:
        options["max_age"] = seconds
        response.set_cookie(COOKIE, token, **options)
    else:
        response.delete_cookie(COOKIE, **options)
