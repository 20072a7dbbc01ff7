"""Response bodies of unknown or declared length, sent piece by piece (RFC 9112 sections 6 and 7)."""

from ._report import report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .response import Response


async def stream(
    connection: "Any", request: "Any", response: "Response", head: bytes, chunks: "Any"
) -> None:
    """Send a head and the pieces of a body.

    A body that fails, or does not fit its Content-Length, cuts the connection: the
    client must not take it for complete (RFC 9112 section 8).

    :param connection: the connection.
    :param request: the request.
    :param response: the response.
    :param head: its head.
    :param chunks: an asynchronous iterator of bytes with ``aclose()``.
    :raises OSError: the peer has gone.
    """
    chunked = b"\r\nTransfer-Encoding: chunked\r\n" in head
    left = int(_length(head)) if b"\r\nContent-Length: " in head else -1
    started = False
    watch = None
    connection.streaming = True
    try:
        if response.is_head or response.status_code in (204, 304):
            connection.write(head)
            await connection.drain()
            return
        if hasattr(response.body, "__anext__"):
            # It may have nothing to say for long; the client is to know that it began.
            connection.write(head)
            started = True
            await connection.drain()
            watch = connection.watch()
        async for chunk in chunks:
            if not chunk:
                continue
            if left >= 0:
                left -= len(chunk)
                if left < 0:
                    raise ValueError("the body is longer than its Content-Length")
            if chunked:
                chunk = b"%x\r\n" % len(chunk) + chunk + b"\r\n"
            connection.write(chunk if started else head + chunk)
            started = True
            await connection.drain()
        if left > 0:
            raise ValueError("the body is %d bytes shorter than its Content-Length" % left)
        end = b"0\r\n\r\n" if chunked else b""
        connection.write(end if started else head + end)
        await connection.drain()
    except OSError as error:
        if connection.lost:
            raise
        await _broken(connection, request, error, started)
    except Exception as error:
        await _broken(connection, request, error, started)
    finally:
        connection.streaming = False
        if watch is not None:
            watch.cancel()
        try:
            await chunks.aclose()
        except Exception as error:
            report("Exception while closing a response body", error)


async def unsendable(
    connection: "Any", request: "Any", error: Exception, chunks: "Any"
) -> "tuple[bytes, bytes]":
    """Return head and body of the 500 that takes the place of a response that cannot be sent.

    :param connection: the connection.
    :param request: the request, or None.
    :param error: what is wrong with the response.
    :param chunks: the iterator over its body, or None.
    """
    from .handlers import fail
    from .response import Response

    if chunks is not None:
        await chunks.aclose()
    response = await fail(connection.app, request, error)
    for _ in range(2):
        response.is_head = request is not None and request.method == "HEAD"
        try:
            if response.body is None or isinstance(response.body, bytes):
                return connection.frame(request, response, None)  # type: ignore[no-any-return]
        except Exception as failure:
            report("The response to an error cannot be sent", failure)
        response = Response("Internal server error", 500)
    return connection.frame(request, response, None)  # type: ignore[no-any-return]


def _length(head: bytes) -> bytes:
    start = head.find(b"\r\nContent-Length: ") + 18
    return head[start : head.find(b"\r", start)]


async def _broken(connection: "Any", request: "Any", error: Exception, started: bool) -> None:
    if started:
        report("Exception in the body of the response to %s" % request.path, error)
        connection.keep = False
        connection.abort()
        return
    head, body = await unsendable(connection, request, error, None)
    connection.write(head + body)
    await connection.drain()
