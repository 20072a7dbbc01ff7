"""``Group``: one message to many WebSockets and event streams.

It lies in core because two distributions share it and neither may depend on the other; a member is
anything with ``post()``, so it knows neither of them, and costs nothing until it is imported.
"""

import asyncio
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Members that are served before other tasks get their turn.
BATCH = 200


class Group:
    """Members that receive what is published.

    Publishing never waits for a member: what a slow client cannot take yet is queued by its
    connection, up to the bound there. Then, or when it has gone, the member is dropped and its
    connection cut, so that its client can come back and start afresh.

    :param skip_slow: a member whose queue is full misses the message, and stays.
    """

    def __init__(self, skip_slow: bool = False) -> None:
        self.skip_slow = skip_slow
        # A dictionary, for leaving to cost the same however many there are.
        self._members: "dict[Any, bool]" = {}

    def __len__(self) -> int:
        return len(self._members)

    def __contains__(self, member: "Any") -> bool:
        return member in self._members

    def join(self, member: "Any") -> None:
        """Add a member; once is enough.

        :param member: an object with ``post(data, **fields)``, which returns whether it took the
                       message: a ``WebSocket``, an ``SSE``. ``abort()`` is called when it did not.
        :raises TypeError: it has no ``post()``.
        """
        if not hasattr(member, "post"):
            raise TypeError(
                "a member of a group needs a method post(data, **fields); %s has none"
                % type(member).__name__
            )
        self._members[member] = True

    def leave(self, member: "Any") -> None:
        """Remove a member; one that is none is no error."""
        self._members.pop(member, None)

    def member(self, member: "Any") -> "Membership":
        """Return a context manager: a member within the ``with`` block, and not after it."""
        return Membership(self, member)

    async def publish(self, data: "Any", **fields: "Any") -> int:
        """Send a message to every member.

        :param data: text or bytes; a dictionary or list becomes JSON.
        :param fields: what event streams know besides the data: ``event``, ``event_id``,
                       ``retry``. WebSockets do without them.
        :returns: how many members took it.
        """
        return await self.deliver(data, fields)

    async def deliver(self, data: "Any", fields: "dict[str, Any]") -> int:
        """Send a message to the members that this process holds; return how many took it."""
        if isinstance(data, (dict, list)):
            data = json.dumps(data)
        taken = count = 0
        for member in list(self._members):
            if member not in self._members:  # it left while others had their turn
                continue
            if member.post(data, **fields):
                taken += 1
            elif not self.skip_slow or getattr(member, "closed", False):
                self.leave(member)
                if hasattr(member, "abort"):
                    member.abort()
            count += 1
            if count % BATCH == 0:
                await asyncio.sleep(0)
        return taken


class Membership:
    """What ``Group.member`` returns."""

    def __init__(self, group: Group, member: "Any") -> None:
        self._group = group
        self._member = member

    def __enter__(self) -> "Any":
        self._group.join(self._member)
        return self._member

    def __exit__(self, *exc: "Any") -> None:
        self._group.leave(self._member)
