"""Where the login page is, and where it leads: URLs of redirects. No IO here."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def login_target(login_url: str, method: str, url: str) -> str:
    """Return the URL of the login page for a request that needs a user.

    :param login_url: the login page; it may have a query and a fragment.
    :param method: the method of the request; only what can be asked for again is in ``next``.
    :param url: path and query of the request.
    """
    if method not in ("GET", "HEAD"):
        return login_url
    from microdot.urls import urlencode

    page, mark, fragment = login_url.partition("#")
    return "%s%snext=%s%s" % (page, "&" if "?" in page else "?", urlencode(url), mark + fragment)


def next_target(url: "Any", default: str) -> str:
    """Return a URL that came from outside when it is a path of this site, else the default.

    Browsers take ``//host`` for another site, ``\\`` for ``/``, and leave out control characters
    (WHATWG URL section 4.4).

    :param url: text, or None.
    :param default: the URL to use otherwise.
    """
    if not url or url[0] != "/" or url[1:2] == "/":
        return default
    for c in url:
        if c < " " or c in "\\\x7f":
            return default
    return url  # type: ignore[no-any-return]
