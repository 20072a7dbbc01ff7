"""Authentication: ``BasicAuth`` and ``TokenAuth`` for routes, ``Guard`` for applications; passwords."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CPYTHON = sys.implementation.name not in ("micropython", "circuitpython")

if TYPE_CHECKING or CPYTHON:
    from microdot.digests import same_secret

    from .base import BaseAuth
    from .basic import BasicAuth
    from .guard import Guard
    from .passwords import (
        check_password,
        check_password_async,
        hash_password,
        hash_password_async,
        needs_rehash,
    )
    from .tokens import TokenAuth
else:

    def __getattr__(name: str) -> "Any":
        # A board loads what it uses.
        modules = {
            "BaseAuth": "base",
            "BasicAuth": "basic",
            "Guard": "guard",
            "TokenAuth": "tokens",
        }
        if name == "same_secret":
            from microdot.digests import same_secret

            return same_secret
        if "password" in name or name == "needs_rehash":
            modules[name] = "passwords"
        if name not in modules:
            raise AttributeError(name)
        return getattr(__import__("microdot.auth." + modules[name], None, None, ("",)), name)


__all__ = [
    "BaseAuth",
    "BasicAuth",
    "Guard",
    "TokenAuth",
    "check_password",
    "check_password_async",
    "hash_password",
    "hash_password_async",
    "needs_rehash",
    "same_secret",
]
