"""``Loader``: loads templates, and compiles those that are new or have changed."""

import os

from microdot.helpers import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

if TYPE_CHECKING or CPYTHON:
    from . import compiler  # noqa: F401  (says at once when utemplate is missing)
    from .cpython.modules import build, load_module
else:
    # A board that has the templates compiled needs no compiler.
    from .modules import build, load_module


class Loader:
    """Loads templates, and compiles them when they or those they include have changed.

    The module of ``x.html`` is kept beside it, as ``x_html.py``; it is all that is needed where the
    template itself is not.

    :param pkg: the name of the package that the folder is in, or None.
    :param dir: the folder of templates, relative to that of the package or to the current one; or
                absolute.
    """

    def __init__(self, pkg: "str | None", dir: str) -> None:
        self._folder = dir
        # What the names of compiled templates that are frozen, or in no folder, begin with.
        self._prefix = "" if dir == "." else dir.replace("/", ".") + "."
        if pkg and pkg != "__main__":
            path = __import__(pkg, None, None, ("",)).__path__
            # A list on CPython.
            self._folder = (path if isinstance(path, str) else path[0]) + "/" + dir
            self._prefix = pkg + "." + self._prefix
        # Name -> (its function, [(path, stamp)] of what it was compiled from)
        self._loaded: "dict[str, Any]" = {}

    def escapes(self, name: str) -> bool:
        """Tell whether expressions in a template are escaped for HTML.

        :param name: the file name of the template.
        """
        return False

    def load(self, name: str) -> "Any":
        """Return the function of a template, which returns a generator.

        :param name: the file name, relative to the folder; it cannot lead out of there.
        :raises OSError: there is no such template; or, on a board, the compiled one cannot be written.
        :raises SyntaxError: the template is not well-formed.
        :raises ImportError: it has to be compiled, and utemplate is not there.
        """
        known = self._loaded.get(name)
        if known is None or any([stamp(path) != before for path, before in known[1]]):
            known = self._load(name, known is not None)
            self._loaded[name] = known
        return known[0]

    def path(self, name: str) -> str:
        """Return the path of a template.

        :raises OSError: the name leads out of the folder.
        """
        for part in name.split("/"):
            if part in ("", ".", "..") or "\\" in part or "\0" in part:
                raise OSError(
                    2, "%r names no template; give a path below %r" % (name, self._folder)
                )
        return self._folder + "/" + name

    def _load(self, name: str, changed: bool) -> "Any":
        path = self.path(name)
        folder, _, base = path.rpartition("/")
        module = base.replace(".", "_")
        now = stamp(path)
        if now is None:
            return self._load_compiled(name, folder, module), []
        before = stamp(folder + "/" + module + ".py")
        if not changed and before is not None and before[0] >= now[0]:
            names = load_module(folder, module) or {}
            stamps: "list[Any]" = [(path, now)]
            for included in names.get("includes", ()):
                other = self.path(included)
                stamps.append((other, stamp(other)))
            # One that was compiled for another loader must not be taken: it may not escape.
            if names.get("escaped", False) == self.escapes(name) and all(
                [each is not None and each[0] <= before[0] for _, each in stamps]
            ):
                return names["render"], stamps
        sources = Sources(self)
        names = build(folder, module, sources, lambda file: self._compile(name, sources, file))
        return names["render"], sources.stamps

    def _compile(self, name: str, sources: "Sources", file: "Any") -> None:
        from microdot.utemplate.compiler import Compiler

        with sources.input_open(name) as template:
            Compiler(template, file, sources, name, self.escapes(name)).compile()
        if sources.names[1:]:
            file.write("includes = %r\n" % sources.names[1:])

    def _load_compiled(self, name: str, folder: str, module: str) -> "Any":
        names = load_module(folder, module)
        if names is None and self._prefix[:1] not in ("", "."):
            dotted = name.replace(".", "_").replace("/", ".")
            try:
                names = __import__(self._prefix + dotted, None, None, ("",)).__dict__
            except ImportError:
                pass
        if names is None or "render" not in names:
            raise no_template(self.path(name))
        if names.get("escaped", False) != self.escapes(name):
            raise OSError(
                2,
                "template %r is compiled with another loader than %s, and its source is not in "
                "the folder %r; compile it again with this one"
                % (name, type(self).__name__, self._folder),
            )
        return names["render"]


class Sources:
    """The templates that one is compiled from: itself and those it includes.

    :param loader: the loader.
    """

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        #: Their file names; the first is the template itself.
        self.names: "list[str]" = []
        #: (path, stamp) of each, from before it was read.
        self.stamps: "list[Any]" = []

    def input_open(self, name: str) -> "Any":
        """Open a template.

        :raises OSError: there is no such template.
        """
        path = self._loader.path(name)
        now = stamp(path)
        if now is None:
            raise no_template(path)
        self.names.append(name)
        self.stamps.append((path, now))
        return open(path, encoding="utf-8")


class EscapingLoader(Loader):
    """As ``Loader``, and what templates insert is escaped for HTML, except in ``.txt`` files."""

    def escapes(self, name: str) -> bool:
        """Tell whether expressions in a template are escaped for HTML."""
        return not name.endswith(".txt")


def no_template(path: str) -> OSError:
    """Return the error of a template that is not there."""
    return OSError(2, "there is no template %r; paths are relative to %r" % (path, os.getcwd()))


if CPYTHON:

    def stamp(path: str) -> "tuple[int, int] | None":
        """Return what changes with a file: (time of change, size); None when it is not there."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

else:

    def stamp(path: str) -> "Any":
        """Return what changes with a file: (time of change, size); None when it is not there."""
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status[8], status[6]
