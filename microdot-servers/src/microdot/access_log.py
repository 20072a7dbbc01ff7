"""``AccessLog``: one record for each request, through ``logging``.

On MicroPython it needs ``logging`` of micropython-lib: ``mpremote mip install logging``.
"""

import time

from .final import when_final
from .helpers import CPYTHON, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A clock for durations. A board counts milliseconds, around a limit.
_ticks: "Any" = getattr(time, "ticks_ms", None)


def _clock() -> "Any":
    return _ticks() if _ticks else time.perf_counter()


def _since(start: "Any") -> float:
    if _ticks:
        return time.ticks_diff(_ticks(), start) / 1000  # type: ignore
    return time.perf_counter() - start  # type: ignore[no-any-return]


def _client(request: "Any") -> "str | None":
    # None for a unix socket.
    peer = request.client_addr if request is not None else None
    if isinstance(peer, (tuple, list)) and peer:
        peer = peer[0]
    return str(peer) if peer else None


class AccessLog:
    """Logs every request, errors and automatic responses included.

    A stream is logged when it ends, with the bytes that were sent; a file and everything else when
    the response goes out. On CPython the fields are attributes of the record, too: ``client``,
    ``method``, ``path``, ``protocol``, ``status``, ``bytes``, ``seconds``, ``referer``, ``agent``.

    :param json: log an object in a line, not text in the combined log format.
    :param logger: the name of a logger, or a logger.
    :param query: log the query strings of the path and of the referer as well; they may hold secrets.
    :raises ImportError: there is no ``logging`` on this board.
    """

    name = "access_log"
    #: Outside all others, so that their time and their responses count.
    hook_order = {"microdot_request": "first", "microdot_response": "last"}

    def __init__(
        self, json: bool = False, logger: "Any" = "microdot.access", query: bool = False
    ) -> None:
        try:
            import logging
        except ImportError:
            raise ImportError(
                "AccessLog needs the module logging, which is not on this board; "
                "install it: mpremote mip install logging"
            )
        self.json = json
        self.query = query
        if isinstance(logger, str):
            logger = logging.getLogger(logger)
        self.logger = logger
        if not logger.level:
            # The default of the root logger hides what was asked for here.
            logger.setLevel(logging.INFO)

    def microdot_request(self, app: "Any", request: "Any") -> None:
        """Note when the request began."""
        request.g.access_log_start = _clock()

    def microdot_response(self, app: "Any", request: "Any", response: "Any") -> None:
        """See to it that the response is logged."""
        if request is None:
            body = response.body
            self.log(None, response.status_code, len(body) if isinstance(body, bytes) else None)
        elif not hasattr(request.g, "access_log_waits"):
            request.g.access_log_waits = True
            when_final(request, self._final)

    def _final(self, request: "Any", response: "Any") -> None:
        if response is type(response).already_handled:
            # A WebSocket, or whatever the handler did on the connection.
            upgraded = request.headers.get("Upgrade", "").lower() == "websocket"
            self.log(request, 101 if upgraded else None, None)
            return
        status = response.status_code
        body = response.body
        if request.method == "HEAD" or status in (204, 304):
            self.log(request, status, 0)
        elif hasattr(body, "read"):
            length = response.headers.get("Content-Length")
            self.log(request, status, int(length) if str(length).isdigit() else None)
        elif hasattr(body, "__anext__") or hasattr(body, "__next__"):
            from microdot.access.body import watched

            response.body = watched(body, self, request, status)
        else:
            if isinstance(body, str):
                body = body.encode()
            self.log(request, status, len(body or b""))

    def log(self, request: "Any", status: "Any", size: "int | None") -> None:
        """Log a request.

        :param request: the request, None for bytes that were none.
        :param status: the status of the response, None when there is none.
        :param size: the bytes of its body, None when they are not known.
        """
        try:
            fields = self._fields(request, status, size)
            if self.json:
                from microdot.access.objects import object_line as form
            else:
                from microdot.access.text import combined as form
            line = form(fields)
            if CPYTHON:
                fields["access_time"] = fields.pop("time")
                if not self.logger.hasHandlers():
                    import logging

                    # Nobody has configured logging, and the access log was asked for.
                    self.logger.addHandler(logging.StreamHandler())
                self.logger.info(line, extra=fields)
            else:
                self.logger.info(line)
        except Exception as error:
            report("Exception in the access log", error)

    def _fields(self, request: "Any", status: "Any", size: "int | None") -> "dict[str, Any]":
        fields = {
            "time": int(time.time()),
            "client": _client(request),
            "method": None,
            "path": None,
            "protocol": None,
            "status": status,
            "bytes": size,
            "seconds": None,
            "referer": None,
            "agent": None,
        }
        if request is not None:
            start = getattr(request.g, "access_log_start", None)
            referer = request.headers.get("Referer")
            fields["method"] = request.method
            fields["path"] = request.url if self.query else request.path
            version = str(request.http_version)
            fields["protocol"] = version if "/" in version else "HTTP/" + version
            if start is not None:
                fields["seconds"] = round(_since(start), 6)
            if referer:
                # The fragment never gets here; the query may hold what the path's may.
                fields["referer"] = referer if self.query else referer.split("?")[0]
            fields["agent"] = request.headers.get("User-Agent")
        return fields
