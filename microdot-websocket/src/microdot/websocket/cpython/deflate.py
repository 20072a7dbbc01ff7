"""permessage-deflate (RFC 7692): the parameters of an offer, and the compression itself."""

import zlib
from typing import Any, Dict, List, Optional, Tuple

from ..errors import WebSocketError

_TAIL = b"\x00\x00\xff\xff"
_PARAMETERS = (
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
)


class Deflate:
    """Compresses the messages of a server and decompresses those of its client.

    :param server_bits: the base-2 logarithm of the window for what is sent, 9 to 15.
    :param client_bits: the same for what is received.
    :param server_reset: each message is compressed by itself.
    :param client_reset: so is each of the client's.
    """

    def __init__(
        self,
        server_bits: int = 15,
        client_bits: int = 15,
        server_reset: bool = False,
        client_reset: bool = False,
    ) -> None:
        self._server_bits = server_bits
        self._client_bits = client_bits
        self._server_reset = server_reset
        self._client_reset = client_reset
        self._packer: Any = None
        self._unpacker: Any = None

    def compress(self, data: bytes) -> bytes:
        """Return a message compressed (RFC 7692 7.2.1)."""
        if self._packer is None:
            # A memory level below zlib's own 8: 64 KiB less for each connection.
            self._packer = zlib.compressobj(wbits=-self._server_bits, memLevel=5)
        packed: bytes = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        if self._server_reset:
            self._packer = None
        return packed[:-4]

    def decompress(self, data: Any, last: bool, most: int) -> Optional[bytes]:
        """Return a piece of a message decompressed (RFC 7692 7.2.2).

        :param data: the compressed bytes.
        :param last: they are the last of the message.
        :param most: the number of bytes that may come out, 0 for any.
        :returns: None when there are more.
        :raises WebSocketError: 1002, it is no compressed data.
        """
        if self._unpacker is None:
            self._unpacker = zlib.decompressobj(wbits=-self._client_bits)
        unpacker = self._unpacker
        try:
            plain: bytes = unpacker.decompress(
                data + _TAIL if last else data, most + 1 if most else 0
            )
        except zlib.error:
            raise WebSocketError(1002, "invalid compressed data") from None
        if most and len(plain) > most:
            return None
        if last and (self._client_reset or unpacker.eof):
            self._unpacker = None
        return plain


def _parse(text: str) -> "List[Tuple[str, Dict[str, str]]]":
    # Sec-WebSocket-Extensions (RFC 6455 9.1); what is malformed is no offer.
    offers = []
    for offer in text.split(","):
        name, *rest = [part.strip() for part in offer.split(";")]
        parameters: Dict[str, str] = {}
        for part in rest:
            key, _, value = part.partition("=")
            key = key.strip().lower()
            if key in parameters:
                name = ""
            parameters[key] = value.strip().strip('"')
        offers.append((name.lower(), parameters))
    return offers


def accept(
    header: str, window_bits: int = 12, takeover: bool = True
) -> "Optional[Tuple[str, Deflate]]":
    """Choose among the offers of a client (RFC 7692 7.1).

    :param header: the value of ``Sec-WebSocket-Extensions``.
    :param window_bits: the largest window for what is sent, 9 to 15; a client that can is asked
                        to keep to it, too.
    :param takeover: a message may refer to the ones before it: smaller, but the memory stays.
    :returns: the value to answer with and what compresses; None when no offer can be accepted.
    """
    for name, offered in _parse(header):
        if name != "permessage-deflate" or not set(offered) <= set(_PARAMETERS):
            continue
        answer = ["permessage-deflate"]
        reset = [offered.get(key) for key in _PARAMETERS[:2]]
        if any(reset):  # these have no value
            continue
        server_reset = reset[0] is not None or not takeover
        client_reset = reset[1] is not None or not takeover
        server_bits = window_bits
        client_bits = 15
        limit = offered.get("server_max_window_bits")
        if limit is not None:
            # zlib has no window of 256 bytes for raw data.
            if not limit.isdigit() or not 9 <= int(limit) <= 15:
                continue
            server_bits = min(server_bits, int(limit))
        limit = offered.get("client_max_window_bits")
        if limit is not None:
            if limit and not (limit.isdigit() and 8 <= int(limit) <= 15):
                continue
            bits = min(window_bits, int(limit or 15))
            client_bits = max(9, bits)
            answer.append("client_max_window_bits=%d" % bits)
        if server_reset:
            answer.append("server_no_context_takeover")
        if client_reset:
            answer.append("client_no_context_takeover")
        if "server_max_window_bits" in offered:
            answer.append("server_max_window_bits=%d" % server_bits)
        return "; ".join(answer), Deflate(server_bits, client_bits, server_reset, client_reset)
    return None
