"""Our own reading of addresses beside that of the standard library, which boards do not have."""

import ipaddress
import random

from microdot.forwarding.addresses import contains, parse_address, parse_network

ALPHABETS = ["0123456789.", "0123456789abcdef:", "0123456789abcdefABCDEF:.", "01:.fF/% -+_x"]


def ours(text):
    try:
        return parse_address(text)
    except ValueError:
        return None


def theirs(text):
    if "%" in text:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped if mapped is not None else address
    return address.max_prefixlen, int(address)


def random_address(rng):
    bits = rng.choice([32, 128])
    number = rng.getrandbits(bits) & rng.getrandbits(bits)
    if rng.random() < 0.2:
        bits, number = 128, 0xFFFF << 32 | rng.getrandbits(32)
    kind = ipaddress.IPv4Address if bits == 32 else ipaddress.IPv6Address
    address = kind(number)
    return rng.choice([str(address), address.exploded, str(address).upper()])


def test_addresses_that_are_valid():
    rng = random.Random(1)
    for _ in range(3000):
        text = random_address(rng)
        assert ours(text) == theirs(text) != None, text  # noqa: E711


def test_addresses_with_a_mistake():
    rng = random.Random(2)
    for _ in range(20000):
        text = random_address(rng)
        at = rng.randrange(len(text) + 1)
        change = rng.choice(rng.choice(ALPHABETS))
        text = text[:at] + change + text[at + rng.randrange(3) :]
        # The standard library of Python 3.9.0 to 3.9.4 takes leading zeros.
        if "%" not in text:
            assert ours(text) == theirs(text), text


def test_networks():
    rng = random.Random(3)
    for _ in range(3000):
        base = ipaddress.ip_address(random_address(rng))
        if getattr(base, "ipv4_mapped", None) is not None:
            continue
        size = rng.randrange(base.max_prefixlen + 1)
        network = ipaddress.ip_network((base, size), strict=False)
        near = int(network.network_address) + rng.choice([0, network.num_addresses - 1, -1])
        near += rng.choice([0, 0, 1])
        if not 0 <= near < 1 << base.max_prefixlen:
            continue
        other = type(base)(near)
        if getattr(other, "ipv4_mapped", None) is None:
            assert contains([parse_network(str(network))], str(other)) == (other in network)
