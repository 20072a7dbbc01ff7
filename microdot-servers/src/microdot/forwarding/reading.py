"""Reads the fields of a request whose peer is a proxy that is trusted."""

from microdot.errors import HTTPException

from .nodes import elements, parse_node, parse_port, parse_scheme

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read(proxies: "Any", request: "Any") -> None:
    """Set client address, scheme, host and prefix of a request.

    :param proxies: the plugin.
    :param request: the request.
    :raises HTTPException: 400, a field is malformed.
    """
    headers = request.headers
    client = scheme = host = port = prefix = None
    name = ""
    try:
        hops = 1
        if "Forwarded" in proxies.fields:
            from .forwarded import parse_forwarded

            name = "Forwarded"
            said = parse_forwarded(headers.get(name) or "")
            nodes = [element.get("for", "unknown") for element in said]
            client, hops = _walk(proxies, nodes, False)
            # The element of the client, else the nearest one that says anything.
            for element in said[len(said) - hops :] if said else ():
                scheme = scheme or element.get("proto")
                host = host or element.get("host")
        elif "X-Forwarded-For" in proxies.fields:
            name = "X-Forwarded-For"
            client, hops = _walk(proxies, elements(headers.get(name) or ""), True)
        found: "dict[str, str]" = {}
        for name in proxies.fields:
            # One proxy in a row may overwrite what another adds to.
            items = elements(headers.get(name) or "")
            if items and name[:2] == "X-":
                found[name] = items[-min(hops, len(items))]
        name = "X-Forwarded-Proto"
        scheme = scheme or found.get(name)
        if scheme:
            scheme = parse_scheme(scheme)
        name = "X-Forwarded-Host"
        host = host or found.get(name)
        if host:
            from .hosts import parse_host

            host = parse_host(host)
        name = "X-Forwarded-Port"
        port = parse_port(found[name]) if name in found else None
        name = "X-Forwarded-Prefix"
        if name in found:
            from .hosts import parse_prefix

            prefix = parse_prefix(found[name])
    except ValueError:
        if "Forwarded" in proxies.fields and name != "X-Forwarded-Prefix":
            name = "Forwarded"
        raise HTTPException(400, "Malformed %s field, sent by a proxy that is trusted" % name)
    # All or nothing: a request that is refused is as it came.
    if client is not None:
        request.client_addr = client
    if scheme:
        request.scheme = scheme
    if port is not None and (host or headers.get("Host")):
        host = _with_port(host or headers["Host"], port, request.scheme)
    if host:
        headers["Host"] = host
    if prefix is not None:
        request.root_path = prefix


def _walk(proxies: "Any", nodes: "list[str]", bare: bool) -> "tuple[Any, int]":
    # From the right up to the first node that is no proxy; None without a node.
    client = None
    hops = 0
    for node in reversed(nodes):
        client = parse_node(node, bare)
        hops += 1
        # An obfuscated name is no address, so that it is never trusted but with "*".
        if hops == proxies.hops or not proxies.trusts(client[0]):
            break
    return client, hops or 1


def _with_port(host: str, port: int, scheme: str) -> str:
    from .hosts import split_port

    # Browsers leave the usual port out.
    name, _ = split_port(host)
    return name if port == (443 if scheme == "https" else 80) else "%s:%d" % (name, port)
