"""What the servers import: the application that ``microdot run`` was given, as ASGI or WSGI.

Worker processes import it by themselves, so the options travel in an environment variable.
"""

import json
import logging
import os
import sys
from typing import Any, Dict

from microdot.cpython.loading import load_app

#: Holds the options: ``app``, and as on the command line ``debug``, ``log_level``, ``access_log``.
VARIABLE = "MICRODOT_RUN"
LEVELS = ("critical", "error", "warning", "info", "debug")


def set_options(**options: Any) -> None:
    """Store the options for this process and those it starts."""
    os.environ[VARIABLE] = json.dumps(options)


def get_options() -> "Dict[str, Any]":
    """Return the options.

    :raises RuntimeError: this was imported by hand.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        raise RuntimeError(
            "%s is not set: microdot.commands.target is for `microdot run`; give a server of "
            "your own microdot.asgi.asgi(app) or microdot.wsgi.wsgi(app)" % VARIABLE
        )
    return dict(json.loads(text))


def load() -> Any:
    """Return the application, with logging and access log as asked for."""
    options = get_options()
    app = load_app(options["app"])
    return prepare(app, options)


def prepare(app: Any, options: "Dict[str, Any]") -> Any:
    """Apply the options to an application; return it."""
    # What the application has set up itself stays.
    logging.basicConfig(
        level=options["log_level"].upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if options["debug"]:
        app.debug = True
    if options["access_log"] and "access_log" not in app.plugins:
        from microdot.access_log import AccessLog

        plugin = app.use(AccessLog(json=options["access_log"] == "json"))
        if not plugin.logger.handlers:
            handler = logging.StreamHandler(sys.stdout)
            handler.setFormatter(logging.Formatter("%(message)s"))
            plugin.logger.addHandler(handler)
            plugin.logger.propagate = False
    return app


def asgi() -> Any:
    """Return the application as an ASGI callable."""
    from microdot.asgi import asgi as adapt

    return adapt(load())


def wsgi() -> Any:
    """Return the application as a WSGI callable."""
    from microdot.wsgi import wsgi as adapt

    return adapt(load())
