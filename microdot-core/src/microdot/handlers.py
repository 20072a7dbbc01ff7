"""The application's own before, after and error handlers: their order, and what guards them."""

from ._compat import invoke_handler
from ._report import report
from .errors import HTTPException
from .response import Response
from .results import make_response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


async def run_before(app: "Any", request: "Any") -> "Any":
    """Run the before handlers from the outermost application inwards; return the first result."""
    for owner in (app,) + tuple(request._chain):
        for handler in owner.before_request_handlers:
            result = await invoke_handler(handler, request)
            if result is not None:
                return result
    return None


async def run_after(app: "Any", request: "Any", response: Response) -> Response:
    """Run the after handlers from the innermost application outwards, the request's own last.

    Each runs once. One that raises turns the response into an error; the others still run.
    """
    handlers: "list[Any]" = []
    for owner in (app,) + tuple(request._chain):
        handlers = owner.after_request_handlers + handlers
    # Shared by all requests, so nothing may be written to it.
    handled = response is Response.already_handled
    if handled:
        response = Response()
    response = await _run(app, request, handlers, response, True)
    if request._after:
        # Not a copy: what one of all these registers for the request runs, too.
        response = await _run(app, request, request._after, response, True)
    return Response.already_handled if handled else response


async def _run(
    app: "Any", request: "Any", handlers: "list[Any]", response: Response, once: bool
) -> Response:
    for handler in handlers:
        try:
            result = await invoke_handler(handler, request, response)
            if result is not None:
                response = make_response(result)
        except Exception as error:
            response = await fail(app, request, error, once)
    return response


async def fail(app: "Any", request: "Any", error: Exception, hooks: bool = True) -> Response:
    """Return the response to an error.

    :param app: the application.
    :param request: the request, None when there is none.
    :param error: an ``HTTPException``, or what a handler raised; the latter is reported.
    :param hooks: run the after-error handlers, too.
    """
    if not isinstance(error, HTTPException) and not _gone(request, error):
        report("Unhandled exception in %s" % _name(request), error)
    chain = tuple(request._chain) if request is not None else ()
    response = None
    if app._plan:
        response = await app._plan.run_error(request, error)
    if response is None:
        response = await _resolve(app, request, error, chain, [])
    if hooks:
        handlers: "list[Any]" = []
        for owner in (app,) + chain:
            handlers = owner.after_error_request_handlers + handlers
        response = await _run(app, request, handlers, response, False)
    return response


def _complete(response: Response, status: int, error: Exception) -> Response:
    # A 401 needs its challenge and a 405 its Allow (RFC 9110 15.5.2, 15.5.6), whoever answers.
    headers = error.headers if isinstance(error, HTTPException) else None
    if headers and response.status_code == status:
        for name in headers:
            if name not in response.headers:
                response.headers[name] = headers[name]
    return response


def _gone(request: "Any", error: Exception) -> bool:
    # The client left while a handler was reading from it; that is no fault.
    connection = request._connection if request is not None else None
    return isinstance(error, (OSError, EOFError)) and connection is not None and connection.lost


def _name(request: "Any") -> str:
    return "%s %s" % (request.method, request.path) if request is not None else "a bad request"


async def _resolve(
    app: "Any", request: "Any", error: Exception, chain: "Any", tried: "list[Any]"
) -> Response:
    # The most specific handler answers; one that fails is not asked again.
    owners = [app] + list(chain)
    owners.reverse()
    if isinstance(error, HTTPException):
        status = error.status_code
        keys: "list[Any]" = [status]
    else:
        from .automatic import class_order

        status = 500
        keys = class_order(type(error)) + [500]
    for key in keys:
        for owner in owners:
            handler = owner.error_handlers.get(key)
            if handler is None or handler in tried:
                continue
            try:
                if isinstance(key, int):
                    response = make_response(await invoke_handler(handler, request), True)
                    return _complete(response, status, error)
                result = await invoke_handler(handler, request, error)
                if result is not None:
                    return make_response(result, True)
                status = 500
                tried.append(handler)
            except Exception as failure:
                if not isinstance(failure, HTTPException):
                    report("Exception in an error handler, for %s" % _name(request), failure)
                return await _resolve(app, request, failure, chain, tried + [handler])
    if isinstance(error, HTTPException):
        reason = error.reason
        if not isinstance(reason, (str, bytes, dict, list)):
            reason = str(reason)
        return Response(reason, status, error.headers)
    return Response("Internal server error", 500)
