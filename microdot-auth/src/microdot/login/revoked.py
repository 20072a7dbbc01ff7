"""The remembered logins that ended before their time, so that a copy of their cookie is worth nothing.

They are noted in memory, and in the store of the sessions where there is one: another process, or
the same one after a restart, finds them there.
"""

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .manager import Login

#: How many are noted in memory.
SIZE = 10000 if CPYTHON else 64


class Revoked:
    """Remembered logins that ended, in memory.

    When there are too many, every login until now counts as ended: users log in once more, but
    nobody gets in with a copy.

    :param size: how many are noted.
    """

    def __init__(self, size: int = SIZE) -> None:
        self.size = size
        # Series -> the time that it expires anyway. Logins up to the cut count as ended.
        self._until: "dict[str, Any]" = {}
        self._cut = 0

    def add(self, series: str, until: int, now: int) -> None:
        """Note the end of a login.

        :param series: the name of the login.
        :param until: when it expires, in seconds since 1970.
        :param now: the time.
        """
        if len(self._until) >= self.size:
            self._until = {s: end for s, end in self._until.items() if end > now}
            if len(self._until) >= self.size:
                self._until = {}
                self._cut = now
        self._until[series] = until

    def has(self, series: str, begun: int) -> bool:
        """Tell whether a login has ended.

        :param series: the name of the login.
        :param begun: when the user logged in, in seconds since 1970.
        """
        return begun <= self._cut or series in self._until


async def revoke(login: "Login", store: "Any", payload: "dict[str, Any]") -> None:
    """End a remembered login.

    :param login: the ``Login``.
    :param store: the store of the sessions, or None.
    :param payload: what the token says.
    """
    from time import time

    if login._revoked is None:
        login._revoked = Revoked()
    now = int(time())
    login._revoked.add(payload["series"], payload["until"], now)
    if store is not None:
        seconds = max(1, payload["until"] - now)
        await _wait(store.save("remember-" + payload["series"], "1", seconds, True))


async def is_revoked(login: "Login", store: "Any", payload: "dict[str, Any]") -> bool:
    """Tell whether a remembered login has ended; parameters as of ``revoke``."""
    if login._revoked is not None and login._revoked.has(payload["series"], payload["begun"]):
        return True
    return (
        store is not None and await _wait(store.load("remember-" + payload["series"])) is not None
    )


async def _wait(result: "Any") -> "Any":
    if hasattr(result, "send") or hasattr(result, "__await__"):
        result = await result
    return result
