"""The header fields of CORS: which of them a response has (Fetch standard, section 3.2)."""

from microdot.cross_origin.origins import as_rules, is_allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def prepare(cors: "Any") -> None:
    """Check the options of a ``CORS`` object, and note in it what it is not asked for.

    :param cors: the object.
    :raises ValueError: credentials with all origins, or an origin that no browser sends.
    """
    # Around the other plugins, so that a response that one of them replaces has the fields, too.
    cors.hook_order = {"microdot_response": "last"}
    # Whether it is known that the functions with overrides are those of routes.
    cors._checked = False
    rules = as_rules(cors.allowed_origins)
    if "*" in rules and cors.allow_credentials and not cors.any_origin_credentials:
        from microdot.cross_origin.mistakes import any_origin

        raise any_origin()
    for rule in rules:
        if isinstance(rule, str) and rule not in ("*", "null"):
            host = rule.partition("://")[2]
            if not host or any([char in host for char in "*,/ "]) or rule != rule.lower():
                from microdot.cross_origin.mistakes import no_origin

                raise no_origin(rule)


def after_request(cors: "Any", request: "Any", response: "Any") -> None:
    """Add the header fields of CORS to a response.

    :param cors: the ``CORS`` object.
    :param request: the request, None when there is none.
    :param response: the response.
    """
    if request is None:
        return
    if request.subapp is not None:
        # Of the applications around a route, the innermost one with CORS of its own decides alone.
        g = request.g
        if hasattr(g, "_cors"):
            return
        g._cors = cors
    headers = cors.get_cors_headers(request)
    if headers:
        response.headers.update(headers)


def get_cors_headers(cors: "Any", request: "Any") -> "dict[str, str]":
    """Return the header fields, and note in the request what belongs into ``Vary``.

    :param cors: the ``CORS`` object.
    :param request: the request.
    """
    if cors.overrides:
        from microdot.cross_origin.overrides import find_override

        cors = find_override(cors, request)
    get = request.headers.get
    origin = get("Origin")
    rules = as_rules(cors.allowed_origins)
    strict = cors.strict
    credentials = cors.allow_credentials
    headers: "dict[str, str]" = {}
    allowed = None
    literal = False
    if "*" in rules:
        credentials = credentials and cors.any_origin_credentials
        literal = strict and not credentials
        allowed = not literal and origin or "*"
    elif origin and is_allowed(rules, origin):
        allowed = origin
    if rules and not literal if strict else allowed and origin:
        request.vary("Origin")
    if allowed:
        headers["Access-Control-Allow-Origin"] = allowed
        if credentials and allowed != "*":
            headers["Access-Control-Allow-Credentials"] = "true"
        if request.method == "OPTIONS":
            method = get("Access-Control-Request-Method")
            if method and not _preflight(cors, headers, method, get) and strict:
                return {}
    if cors.expose_headers and (allowed or not origin and not strict):
        headers["Access-Control-Expose-Headers"] = ", ".join(_names(cors.expose_headers))
    return headers


def _preflight(cors: "Any", headers: "dict[str, str]", method: str, get: "Any") -> bool:
    # Whether everything asked for is allowed. What is asked for is named again, for with credentials
    # "*" stands for nothing (Fetch standard, section 3.2.3).
    if cors.max_age is not None:
        headers["Access-Control-Max-Age"] = str(cors.max_age)
    if not _has(cors.allowed_methods, method):
        return False
    headers["Access-Control-Allow-Methods"] = method
    wanted = get("Access-Control-Request-Headers")
    asked = granted = _names(wanted or "")
    if cors.allowed_headers is not None:
        granted = [name for name in asked if _has(cors.allowed_headers, name)]
        wanted = ", ".join(granted)
    if wanted:
        headers["Access-Control-Allow-Headers"] = wanted
    return len(granted) == len(asked)


def _has(allowed: "Any", name: str) -> bool:
    name = name.lower()
    return allowed is None or any([one == "*" or one.lower() == name for one in _names(allowed)])


def _names(value: "Any") -> "list[str]":
    # The names in a list, or in a text with commas.
    if isinstance(value, str):
        value = [name.strip() for name in value.split(",")]
    return [name for name in value if name]
