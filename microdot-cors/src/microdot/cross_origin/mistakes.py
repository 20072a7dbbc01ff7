"""What is wrong with the options of ``CORS`` or the key of ``CSRF``, in words."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def any_origin() -> ValueError:
    """Return the error for credentials with all origins."""
    return ValueError(
        "CORS: allow_credentials=True with allowed_origins='*' lets every site act as the user; "
        "list the origins, or say any_origin_credentials=True as well"
    )


def no_origin(rule: str) -> ValueError:
    """Return the error for a text that no browser sends as an origin."""
    return ValueError(
        "CORS: %r in allowed_origins is no origin, so no browser sends it; an origin is "
        "scheme://host or scheme://host:port in lower case, without a path; for several hosts "
        "give a list, or a regular expression from re.compile()" % rule
    )


def no_option(name: str, known: "Any") -> TypeError:
    """Return the error for an option that ``override`` does not have."""
    return TypeError(
        "cors.override() has no option %r; a route can have %s" % (name, ", ".join(known))
    )


def coroutine_function(rule: "Any", result: "Any") -> TypeError:
    """Return the error for a coroutine function among the rules; close what it has returned."""
    if hasattr(result, "close"):
        result.close()
    return TypeError(
        "the function %s in allowed_origins has to be awaited; declare it with `def`, for it is "
        "asked while the response is made" % getattr(rule, "__name__", rule)
    )


def no_key() -> ValueError:
    """Return the error for an empty key."""
    return ValueError(
        "CSRF: the secret_key is empty, so that anybody could sign tokens; give one of 32 random "
        "bytes, or None to do without tokens"
    )


def no_tokens() -> RuntimeError:
    """Return the error for a token without a key."""
    return RuntimeError("csrf.token() needs a key to sign with; give one: CSRF(secret_key=...)")


def no_text(bound: "Any") -> TypeError:
    """Return the error for a ``bind`` function that returns something else than text; close that."""
    if hasattr(bound, "close"):
        bound.close()
    return TypeError(
        "CSRF: the bind function returned %s, not text; declare it with `def`, and have it return "
        "an id of the session, or '' without one" % type(bound).__name__
    )
