"""``Template``: a template of utemplate, loaded and ready to be rendered."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

#: The loader of all that have no other; None until it is needed.
_loader: "Any" = None
#: Where the plugin says which loader the request at hand has; None while no application uses it.
_context: "Any" = None


class Template:
    """A template of utemplate.

    It comes from the loader of the application whose request is being handled, when that uses the
    plugin ``UTemplate``; else from the one that ``initialize`` has set.

    What a template inserts is **not escaped** unless the loader is an ``EscapingLoader``.

    :param template: its file name, relative to the folder of templates.
    :param loader: the loader to take it from, instead of those above.
    :raises OSError: there is no such template (``FileNotFoundError`` on CPython).
    :raises SyntaxError: it is not well-formed.
    :raises ImportError: it has to be compiled, and utemplate is not there.
    """

    @classmethod
    def initialize(cls, template_dir: str = "templates", loader_class: "Any" = None) -> None:
        """Set the loader of all applications without the plugin ``UTemplate``.

        :param template_dir: the folder of templates, relative to the current one.
        :param loader_class: called with None and the folder, gives an object whose ``load(name)``
                             returns a callable that gives a generator; ``Loader`` if omitted, which
                             compiles templates that are new or have changed.
        :raises ImportError: on CPython, utemplate is not there; a board asks for it only when it
                             has to compile.
        """
        set_loader(make_loader(template_dir, loader_class))

    def __init__(self, template: str, loader: "Any" = None) -> None:
        if loader is None and _context is not None:
            loader = _context.get()
        if loader is None:
            loader = default_loader()
        #: The file name.
        self.name = template
        #: The loaded callable; it returns a generator.
        self.template = loader.load(template)

    def generate(self, *args: "Any", **kwargs: "Any") -> "Iterator[str]":
        """Return a generator of the rendered template, in pieces of text.

        :param args: arguments of the template, those of its ``{% args %}``.
        :param kwargs: the same by name.
        """
        return self.template(*args, **kwargs)  # type: ignore[no-any-return]

    def render(self, *args: "Any", **kwargs: "Any") -> str:
        """Return the rendered template; arguments as of ``generate``."""
        return "".join(self.template(*args, **kwargs))

    def generate_async(self, *args: "Any", **kwargs: "Any") -> "Pieces":
        """Return an asynchronous iterator of the rendered template; this is not awaited.

        Arguments as of ``generate``.
        """
        return Pieces(self.template(*args, **kwargs))

    async def render_async(self, *args: "Any", **kwargs: "Any") -> str:
        """Return the rendered template; arguments as of ``generate``."""
        return "".join(self.template(*args, **kwargs))


class Pieces:
    """Iterates asynchronously over a generator.

    :param generator: the generator.
    """

    def __init__(self, generator: "Any") -> None:
        self._generator = generator

    def __aiter__(self) -> "Pieces":
        return self

    async def __anext__(self) -> str:
        try:
            return next(self._generator)  # type: ignore[no-any-return]
        except StopIteration:
            raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the generator."""
        self._generator.close()


def make_loader(template_dir: str, loader_class: "Any" = None) -> "Any":
    """Return a loader of templates; parameters and errors as of ``Template.initialize``."""
    if loader_class is None:
        from microdot.utemplate.loader import Loader as loader_class
    return loader_class(None, template_dir)


def default_loader() -> "Any":
    """Return the loader of all that have no other."""
    if _loader is None:
        Template.initialize()
    return _loader


def set_loader(loader: "Any", only_first: bool = False) -> None:
    """Set the loader of all that have no other.

    :param loader: the loader.
    :param only_first: only when there is none yet.
    """
    global _loader
    if _loader is None or not only_first:
        _loader = loader


def set_context(context: "Any") -> None:
    """Set where ``Template`` asks for the loader of the request at hand.

    :param context: its ``get()`` returns the loader or None.
    """
    global _context
    _context = context


def init_templates(template_dir: str = "templates", loader_class: "Any" = None) -> None:
    """Call ``Template.initialize``, under its name of Microdot 2.0."""
    Template.initialize(template_dir, loader_class)
