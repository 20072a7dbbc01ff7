"""Finding the application that somebody has named: ``module:attribute``."""

import importlib
import os
import sys
from typing import Any


class CommandError(Exception):
    """A command that cannot be carried out; the message is for the person who typed it.

    :param message: what is wrong, and what to do instead.
    :param code: the exit code: 2 for wrong use, 1 for what failed though it was asked for rightly.
    """

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def load_app(target: str) -> Any:
    """Return the application that ``module:attribute`` names.

    :param target: for example ``"hello:app"``, ``"shop.web:create_app()"`` or ``"hello.py"``;
                   the attribute is ``app`` if omitted.
    :raises CommandError: there is none.
    """
    from ..application import Microdot

    name, _, attribute = target.partition(":")
    attribute = attribute or "app"
    module = _import(name)
    call = attribute.endswith("()")
    app: Any = module
    for part in (attribute[:-2] if call else attribute).split("."):
        app = getattr(app, part, None)
    if call and callable(app):
        app = app()
        if not isinstance(app, Microdot):
            raise CommandError(
                "%s of module %r returned no Microdot application, but %r" % (attribute, name, app)
            )
    if isinstance(app, Microdot):
        return app
    if callable(app) and not isinstance(app, type):
        raise CommandError(
            "%r of module %r is a function; if it makes the application, write %s:%s()"
            % (attribute, name, name, attribute)
        )
    apps = [key for key, value in vars(module).items() if isinstance(value, Microdot)]
    raise CommandError(
        "module %r has no Microdot application called %r; it has: %s"
        % (name, attribute, ", ".join(apps) or "none")
    )


def _import(name: str) -> Any:
    if not name:
        raise CommandError(
            "the name of the module is missing; name the application as MODULE:ATTRIBUTE, "
            "for example hello:app"
        )
    if name.endswith(".py") or os.sep in name:
        path = name if name.endswith(".py") else name + ".py"
        if not os.path.isfile(path):
            raise CommandError(
                "there is no file %r here; name the application as MODULE:ATTRIBUTE or "
                "FILE.py:ATTRIBUTE, for example hello:app" % path
            )
        folder, name = os.path.split(path[:-3])
        folder = os.path.abspath(folder)
    else:
        folder = os.getcwd()
    if not sys.path or sys.path[0] != folder:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(error.name + ".")):
            raise CommandError(
                "there is no module %r here; name the application as MODULE:ATTRIBUTE, "
                "for example hello:app" % name
            ) from None
        raise
