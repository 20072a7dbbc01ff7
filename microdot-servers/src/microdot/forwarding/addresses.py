"""IP addresses and networks as numbers (RFC 4291, RFC 4632). Pure functions, the same on a board."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _number(text: str, limit: int, base: int = 10) -> int:
    # int() accepts signs, white space, underscores and other scripts' digits.
    allowed = "0123456789abcdef"[:base]
    if not 0 < len(text) <= limit or any([char not in allowed for char in text]):
        raise ValueError
    return int(text, base)


def _parse_v4(text: str) -> int:
    parts = text.split(".")
    if len(parts) != 4:
        raise ValueError
    value = 0
    for part in parts:
        number = _number(part, 3)
        # A leading zero is octal for some and decimal for others.
        if number > 255 or (len(part) > 1 and part[0] == "0"):
            raise ValueError
        value = value << 8 | number
    return value


def _groups(text: str) -> "list[int]":
    return [_number(part, 4, 16) for part in text.split(":")] if text else []


def _parse_v6(text: str) -> int:
    text = text.lower()
    head, dot, _ = text.partition(".")
    if dot:
        # RFC 4291 2.2: the last 32 bits may be written as an IPv4 address.
        start = head.rfind(":") + 1
        low = _parse_v4(text[start:])
        text = text[:start] + "%x:%x" % (low >> 16, low & 0xFFFF)
    left, found, right = text.partition("::")
    groups = _groups(left)
    if found:
        after = _groups(right)
        missing = 8 - len(groups) - len(after)
        if missing < 1:
            raise ValueError
        groups = groups + [0] * missing + after
    if len(groups) != 8:
        raise ValueError
    value = 0
    for group in groups:
        value = value << 16 | group
    return value


def parse_address(text: str) -> "tuple[int, int]":
    """Return an address as (bits, number): 32 bits for IPv4, 128 for IPv6.

    An IPv4 address mapped into IPv6 (``::ffff:192.0.2.1``, RFC 4291 2.5.5.2) is the IPv4 address.
    The zone of a link-local address (``fe80::1%eth0``) is left aside.

    :param text: the address, without brackets.
    :raises ValueError: it is none.
    """
    if ":" not in text:
        return 32, _parse_v4(text)
    text, zone, name = text.partition("%")
    if zone and not name:
        raise ValueError
    value = _parse_v6(text)
    if value >> 32 == 0xFFFF:
        return 32, value & 0xFFFFFFFF
    return 128, value


def parse_network(text: str) -> "tuple[int, int, int]":
    """Return a network as (bits, shift, number): ``address >> shift == number`` inside it.

    :param text: an address, or a network such as ``"10.0.0.0/8"`` or ``"2001:db8::/32"``.
    :raises ValueError: it is none, or the address has bits beyond the prefix.
    """
    address, slash, length = text.partition("/")
    bits, value = parse_address(address)
    shift = 0
    if slash:
        size = 128 if ":" in address else 32
        prefix = _number(length, 3)
        # Of a mapped address the prefix counts the 96 bits in front, too.
        shift = size - prefix
        if not 0 <= shift <= bits:
            raise ValueError
        if value & ((1 << shift) - 1):
            raise ValueError("has bits beyond its prefix of %d" % prefix)
    return bits, shift, value >> shift


def contains(networks: "Any", text: str) -> bool:
    """Tell whether an address lies in one of the networks; False for what is no address.

    :param networks: what ``parse_network`` returned.
    :param text: the address.
    """
    try:
        bits, value = parse_address(text)
    except ValueError:
        return False
    for size, shift, number in networks:
        if size == bits and value >> shift == number:
            return True
    return False
