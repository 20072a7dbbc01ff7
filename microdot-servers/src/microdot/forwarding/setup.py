"""Reads the options of ``TrustedProxies``; what it refuses would fail later, or believe anybody."""

from .addresses import parse_network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The fields that can be believed; each is only when it is named in ``headers``.
FIELDS = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
)


def read_trusted(proxies: "Any", trusted: "Any", hops: "Any") -> None:
    """Note who is trusted.

    :param proxies: the plugin.
    :param trusted: its option of that name.
    :param hops: its option of that name.
    :raises ValueError: see ``TrustedProxies``.
    """
    if hops is not None and (not isinstance(hops, int) or hops is True or hops < 1):
        raise ValueError(
            "TrustedProxies(hops=%r): a number of proxies is 1 or more; None for as many as are "
            "trusted" % (hops,)
        )
    names = [trusted] if isinstance(trusted, str) else list(trusted)
    if not names:
        raise ValueError(
            "TrustedProxies(trusted=%r) trusts nobody: name the addresses of your proxies, or leave "
            "the plugin out" % (trusted,)
        )
    for name in names:
        if name == "unix":
            proxies.unix = True
        elif name == "*":
            proxies.everybody = True
        else:
            try:
                proxies.networks.append(parse_network(name))
            except (ValueError, AttributeError) as error:
                raise ValueError(
                    "TrustedProxies(trusted=...): %r %s; give an address such as '127.0.0.1' or "
                    "'::1', a network such as '10.0.0.0/8', or 'unix'"
                    % (name, str(error) if "beyond" in str(error) else "is no address")
                )
    if proxies.everybody and hops is None:
        raise ValueError(
            "TrustedProxies(trusted='*') would believe what clients write: say with hops=1 how many "
            "proxies there are, or name their addresses"
        )
    if proxies.everybody:
        # Nobody else can be the peer then.
        proxies.unix = True


def read_fields(headers: "Any") -> "list[str]":
    """Return the names of the fields to believe, as they are written in ``FIELDS``.

    :param headers: the option ``headers``.
    :raises ValueError: an unknown field, or two that say the same.
    """
    known = {name.lower(): name for name in FIELDS}
    names = [headers] if isinstance(headers, str) else list(headers)
    fields = []
    for name in names:
        if not isinstance(name, str) or name.lower() not in known:
            raise ValueError(
                "TrustedProxies(headers=...): %r is not one of %s" % (name, ", ".join(FIELDS))
            )
        fields.append(known[name.lower()])
    if not fields:
        raise ValueError(
            "TrustedProxies(headers=%r) believes nothing: name the fields that your proxies set"
            % (headers,)
        )
    if "Forwarded" in fields and any([field in FIELDS[1:5] for field in fields]):
        raise ValueError(
            "TrustedProxies(headers=...): Forwarded says what X-Forwarded-For, -Proto, -Host and "
            "-Port say; name the one kind that your proxies set, for clients can write the other"
        )
    return fields
