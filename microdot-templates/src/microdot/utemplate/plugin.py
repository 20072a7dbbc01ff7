"""``UTemplate``: templates of utemplate that belong to one application."""

from .context import Context
from .template import Template, make_loader, set_context, set_loader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_context = Context()
set_context(_context)


class UTemplate:
    """The plugin of utemplate's templates: ``app.use(UTemplate("templates"))``.

    While a request of the application is handled, ``Template`` takes its templates from here. The
    first plugin also is what ``Template`` uses elsewhere, unless ``Template.initialize`` was called.

    :param template_dir: the folder of templates, relative to the current one.
    :param loader_class: as of ``Template.initialize``; ``EscapingLoader`` for HTML.
    :raises ImportError: as of ``Template.initialize``.
    """

    name = "utemplate"

    def __init__(self, template_dir: str = "templates", loader_class: "Any" = None) -> None:
        #: The loader of templates.
        self.loader = make_loader(template_dir, loader_class)

    def template(self, name: str) -> Template:
        """Return a template of this application; for use outside its requests too.

        :param name: the file name; what is raised as of ``Template``.
        """
        return Template(name, self.loader)

    def microdot_setup(self, app: "Any") -> None:
        """Be the default of those who have none."""
        set_loader(self.loader, True)

    def microdot_request(self, app: "Any", request: "Any") -> None:
        """From here on ``Template`` means the templates of this application."""
        _context.enter(self.loader)

    def microdot_response(self, app: "Any", request: "Any", response: "Any") -> None:
        """The request is handled."""
        _context.leave(self.loader)
