"""The pipeline: a request becomes a response. Knows hooks, handlers and errors, but no socket."""

from ._compat import invoke_handler
from .errors import HTTPException
from .response import Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def find_route(app: "Any", request: "Any") -> "Any":
    """Look up the route of a request and note it in the request.

    :returns: a (methods, pattern, handler, prefix, subapp) tuple, 404 or 405.
    """
    table = app._table
    if table is None or table.size != len(app.url_map):
        from .table import RouteTable

        table = app._table = RouteTable(app.url_map)
    method = request.method
    matches = table.find(request.path)
    for route, args in matches:
        if method in route[0]:
            break
    else:
        from microdot.automatic import other_route

        route, args = other_route(request, matches)
        if route is None:
            return request._match
    if args is not None:
        request._url_args = args
    request.url_prefix = route[3]
    if route[4] is not None:
        request.subapp = route[4]
        request._chain = route[1].chain or (route[4],)
    request._match = route
    request.route = route[2]
    return route


async def dispatch(app: "Any", request: "Any", error: "Any" = None) -> Response:
    """Return the response to a request.

    :param app: the application.
    :param request: the request; None for bytes that were no request, which gives a 400.
    :param error: an ``HTTPException`` that makes handling the request pointless.
    """
    plan = app._plan
    try:
        if plan is None:
            plan = app._compile()
        if error is not None:
            raise error
        if request is None:
            raise HTTPException(400, "Bad request")
        route = request._match or find_route(app, request)
        if request._length != 0 and request.content_length:
            from microdot.body import check_length

            check_length(app, request)
        response: "Any" = None
        if plan and plan.request:
            response = await plan.run_request(request)
        if response is None:
            if request.method == "OPTIONS" and app.options_handler:
                from microdot.automatic import answer_options

                response = answer_options(app, request)
            elif isinstance(route, int):
                from microdot.automatic import no_route

                raise no_route(app, request, route)
            else:
                handler = route[2]
                if app.before_request_handlers or request._chain:
                    from microdot.handlers import run_before

                    response = await run_before(app, request)
                if response is None:
                    args = request._url_args
                    if args:
                        response = await invoke_handler(handler, request, **args)
                    else:
                        response = await invoke_handler(handler, request)
                if isinstance(response, str):
                    response = Response(response)
                elif not isinstance(response, Response):
                    from microdot.results import make_response

                    response = make_response(response)
        if app.after_request_handlers or request._chain or request._after:
            from microdot.handlers import run_after

            response = await run_after(app, request, response)
    except Exception as failure:
        from microdot.handlers import fail

        response = await fail(app, request, failure)
    if plan and plan.response:
        response = await plan.run_response(request, response)
    if request is not None:
        if request.method == "HEAD":
            response.is_head = True
        if response._file is not None or request._g is not None:
            from microdot.automatic import finish

            response = finish(request, response)
    return response  # type: ignore[no-any-return]
