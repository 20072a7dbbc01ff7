"""``TrustedProxies``: what the proxies in front of an application say of its clients, believed."""

from .errors import HTTPException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class TrustedProxies:
    """Takes client address, scheme, host and path prefix from the fields of proxies that are trusted.

    ``app.use(TrustedProxies("127.0.0.1"))``. When the peer of a connection is trusted, its fields
    are read from the right: each proxy has added the address it was called from, so the first
    address that is not trusted is the client. What stands left of it anybody may have written, and
    it is not looked at. Then ``request.client_addr``, ``request.scheme``, the ``Host`` field and
    ``request.root_path`` are what they were at the outermost of these proxies.
    ``request.peer_addr`` is the address of the connection itself.

    :param trusted: an address (``"127.0.0.1"``), a network (``"10.0.0.0/8"``), ``"unix"`` for the
                    peers of a Unix socket, or a list of these; ``"*"`` for everybody, with ``hops``.
    :param headers: the fields that these proxies set themselves, or remove when a client sends them;
                    only these are believed. ``"Forwarded"`` (RFC 7239) stands for all but
                    ``"X-Forwarded-Prefix"``.
    :param hops: how many proxies there are at most, None for as many as are trusted.
    :raises ValueError: an address, network, field or number that is none, or a combination that
                        would believe the client.
    """

    name = "proxies"
    # Before everything that looks at the scheme or the client.
    hook_order = {"microdot_request": "first", "microdot_error": "first"}

    def __init__(
        self,
        trusted: "Any",
        headers: "Any" = ("X-Forwarded-For", "X-Forwarded-Proto"),
        hops: "int | None" = None,
    ) -> None:
        from microdot.forwarding.setup import read_fields, read_trusted

        #: Everybody is trusted.
        self.everybody = False
        #: The peers of a Unix socket are trusted.
        self.unix = False
        #: (bits, shift, number) of the networks that are trusted.
        self.networks: "list[tuple[int, int, int]]" = []
        read_trusted(self, trusted, hops)
        #: The names of the fields that are believed.
        self.fields = read_fields(headers)
        self.hops = hops
        # Address -> whether it is trusted, of those seen lately.
        self._known: "dict[str, bool]" = {}

    def trusts(self, host: "str | None") -> bool:
        """Tell whether a host is one of the proxies.

        :param host: its address; ``""`` or None for the peer of a Unix socket.
        """
        if not host:
            return self.unix
        if self.everybody:
            return True
        known = self._known.get(host)
        if known is None:
            from microdot.forwarding.addresses import contains

            known = contains(self.networks, host)
            if len(self._known) >= 16:
                self._known.clear()
            self._known[host] = known
        return known

    def apply(self, request: "Any") -> None:
        """Note in a request what the proxies say of it.

        :param request: the request.
        :raises HTTPException: 400, a proxy that is trusted sent a malformed field.
        """
        peer = request.peer_addr = request.client_addr
        # Adapters give None, asyncio "" for the peer of a Unix socket.
        if not self.trusts(peer[0] if isinstance(peer, tuple) else ""):
            return
        from microdot.forwarding.reading import read

        read(self, request)

    def microdot_request(self, app: "Any", request: "Any") -> None:
        """Note what the proxies say, before other plugins and handlers look."""
        self.apply(request)

    def microdot_error(self, app: "Any", request: "Any", error: Exception) -> None:
        """Do so for requests that were refused before that, for those who log or answer them."""
        if request is not None and "peer_addr" not in request.__dict__:
            try:
                self.apply(request)
            except HTTPException:
                pass  # it is being refused already
