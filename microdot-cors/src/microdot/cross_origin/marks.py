"""The functions that decorators such as ``csrf.exempt`` have marked, and the routes they belong to."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def leads_to(function: "Any", marked: "Any") -> bool:
    """Tell whether the function of a route is marked, or wraps one that is.

    Wrappers are followed along ``__wrapped__``, which ``functools.wraps`` sets.

    :param function: the function of the route.
    :param marked: the functions that are marked.
    """
    while function is not None:
        if function in marked:
            return True
        function = getattr(function, "__wrapped__", None)
    return False


def report_unreached(app: "Any", decorator: str, marked: "Any") -> None:
    """Tell the operator about marked functions that no route leads to, so that the mark is void.

    :param app: the application.
    :param decorator: the decorator, as it is written.
    :param marked: the functions that are marked.
    """
    for function in marked:
        if not any([leads_to(route[2], (function,)) for route in app.url_map]):
            from microdot.helpers import report

            name = getattr(function, "__name__", function)
            report(
                "@%s has no effect on %s" % (decorator, name),
                LookupError(
                    "%s is in no route, or hidden by another decorator; put @%s directly below "
                    "the route decorator" % (name, decorator)
                ),
            )
