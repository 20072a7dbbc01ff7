"""Origins (RFC 6454) and the rules that allow them: what ``CORS`` and ``CSRF`` have in common."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: No rule allows a longer origin; a host name has at most 253 characters (RFC 1035, section 2.3.4).
LONGEST = 300


def as_rules(origins: "Any") -> "Any":
    """Return the rules in ``allowed_origins`` as a sequence.

    :param origins: None, a rule or several; a rule is an origin, a regular expression or a function.
    """
    if origins is None:
        return ()
    if isinstance(origins, str) or hasattr(origins, "match") or callable(origins):
        return (origins,)
    return origins


def is_allowed(rules: "Any", origin: str) -> bool:
    """Tell whether a rule allows an origin; ``"*"`` is not looked at.

    :param rules: what ``as_rules`` gives.
    :param origin: the origin, as sent.
    :raises TypeError: a function among the rules is a coroutine function.
    """
    if len(origin) > LONGEST:
        # Regular expressions can take very long for long text, or all of a board's stack.
        return False
    for rule in rules:
        if isinstance(rule, str):
            if rule == origin and rule != "*":
                return True
        elif hasattr(rule, "match"):
            # What begins like an origin that is allowed may go on as one that is not.
            found = (rule.fullmatch if hasattr(rule, "fullmatch") else rule.match)(origin)
            if found and found.group(0) == origin:
                return True
        else:
            result = rule(origin)
            if hasattr(result, "send") or hasattr(result, "__await__"):
                from microdot.cross_origin.mistakes import coroutine_function

                raise coroutine_function(rule, result)
            if result:
                return True
    return False
