"""Which requests ``CSRF`` protects from other sites, and which of these pass."""

from microdot.errors import HTTPException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(csrf: "Any", request: "Any") -> None:
    """Let a request pass, or refuse it.

    :param csrf: the ``CSRF`` object.
    :param request: the request; without a route it passes.
    :raises HTTPException: 403, it is protected and does not come from a page of this site.
    """
    if not csrf._checked:
        csrf._checked = True
        if csrf.exempt_routes or csrf.protected_routes:
            from microdot.cross_origin.marks import report_unreached

            report_unreached(request.app, "csrf.exempt", csrf.exempt_routes)
            report_unreached(request.app, "csrf.protect", csrf.protected_routes)
    if _is_protected(csrf, request) and not _passes(csrf, request):
        raise HTTPException(403, "Forbidden")


def _is_protected(csrf: "Any", request: "Any") -> bool:
    route = request.route
    if route is None:
        return False
    if csrf.protected_routes and _marked(route, csrf.protected_routes):
        return True
    if not csrf.protect_all or request.method in csrf.SAFE_METHODS:
        return False
    return not (csrf.exempt_routes and _marked(route, csrf.exempt_routes))


def _marked(route: "Any", functions: "list[Any]") -> bool:
    from microdot.cross_origin.marks import leads_to

    return leads_to(route, functions)


def _passes(csrf: "Any", request: "Any") -> bool:
    get = request.headers.get
    request.vary("Sec-Fetch-Site")
    site = get("Sec-Fetch-Site")
    if site in ("same-origin", "none") or site == "same-site" and csrf.allow_subdomains:
        return True
    request.vary("Origin")
    origin = get("Origin")
    if origin is not None:
        return _is_ours(csrf, request, origin, site is None)
    if site is not None:
        return False
    if csrf.tokens is not None:
        return csrf.tokens.check(request)  # type: ignore[no-any-return]
    return not csrf.strict


def _is_ours(csrf: "Any", request: "Any", origin: str, may_be_own: bool) -> bool:
    from microdot.cross_origin.origins import as_rules, is_allowed

    # A browser that sends Sec-Fetch-Site has said already that the origin is another one.
    own = own_origin(request) if may_be_own else None
    cors = csrf.cors
    if getattr(cors, "overrides", None):
        from microdot.cross_origin.overrides import find_override

        cors = find_override(cors, request)
    rules = as_rules(getattr(cors, "allowed_origins", None))
    if origin == own or is_allowed(rules, origin):
        return True
    return csrf.allow_subdomains and (
        is_subdomain(origin, own)
        or any([is_subdomain(origin, rule) for rule in rules if isinstance(rule, str)])
    )


def own_origin(request: "Any") -> "str | None":
    """Return the origin that a request was sent to, as its scheme and ``Host`` say; None without.

    :param request: the request.
    """
    host = (request.headers.get("Host") or "").strip().lower()
    if not host:
        return None
    port = ":443" if request.scheme == "https" else ":80"
    if host.endswith(port):
        # Browsers leave the usual port out of an origin.
        host = host[: -len(port)]
    return request.scheme + "://" + host  # type: ignore[no-any-return]


def is_subdomain(origin: str, parent: "str | None") -> bool:
    """Tell whether an origin is a sub-domain of another, with the same scheme and port.

    :param origin: the origin, as sent.
    :param parent: the other one, or None.
    """
    scheme, found, host = (parent or "").partition("://")
    if not found or not host:
        return False
    scheme += found
    host = "." + host
    between = origin[len(scheme) : -len(host)]
    return (
        between != ""
        and origin == scheme + between + host
        and not any([char in between for char in "/@?#:"])
    )
