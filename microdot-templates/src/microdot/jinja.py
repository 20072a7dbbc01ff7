"""``Template`` renders Jinja templates, on CPython; ``Jinja`` gives an application templates of its own."""

try:
    from jinja2 import Environment, FileSystemLoader, select_autoescape
except ImportError as error:
    raise ImportError(
        "microdot.jinja needs the package Jinja2 (%s); install it with "
        "pip install 'microdot-templates[jinja]', or use microdot.utemplate" % error
    ) from error

from typing import Any, AsyncIterator, Iterator, Optional

from .utemplate.context import Context

#: The environment of the application whose request is being handled.
_context = Context()


class Template:
    """A Jinja template.

    It comes from the environment of the application whose request is being handled, when that uses
    the plugin ``Jinja``; else from ``jinja_env``.

    :param template: its file name, relative to the folder of templates.
    :param environment: the ``jinja2.Environment`` to take it from, instead of those above.
    :param kwargs: for ``get_template`` of the environment: ``parent``, ``globals``.
    :raises jinja2.TemplateNotFound: there is no such template.
    :raises jinja2.TemplateSyntaxError: it is not well-formed.
    """

    #: The environment of all that have no other; None until ``initialize()``, or the first use.
    jinja_env: "Optional[Environment]" = None

    @classmethod
    def initialize(
        cls, template_dir: Any = "templates", enable_async: bool = False, **kwargs: Any
    ) -> None:
        """Set the environment of the class, for all applications without the plugin ``Jinja``.

        :param template_dir: the folder of templates, relative to the current one; or several.
        :param enable_async: templates are rendered with ``render_async`` and ``generate_async``,
                             and only with these.
        :param kwargs: for ``jinja2.Environment``. ``autoescape`` is ``select_autoescape()`` unless
                       given: values are escaped in ``.html``, ``.htm`` and ``.xml`` files only.
        """
        cls.jinja_env = make_environment(template_dir, enable_async, **kwargs)

    def __init__(
        self, template: str, environment: "Optional[Environment]" = None, **kwargs: Any
    ) -> None:
        if environment is None:
            environment = self.jinja_env
            # A subclass that was initialized is a choice already.
            if environment is Template.jinja_env:
                environment = _context.get() or environment
        if environment is None:
            environment = Template.jinja_env = make_environment()
        #: The file name.
        self.name = template
        #: The ``jinja2.Template``.
        self.template = environment.get_template(template, **kwargs)

    def _check(self, method: str, asynchronous: bool) -> None:
        if bool(self.template.environment.is_async) is not asynchronous:
            raise RuntimeError(
                "%s() cannot be used for template %r: its environment has enable_async=%s; "
                "use %s, or initialize it with enable_async=%s"
                % (
                    method,
                    self.name,
                    not asynchronous,
                    "render() or generate()"
                    if asynchronous
                    else "render_async() or generate_async()",
                    asynchronous,
                )
            )

    def generate(self, *args: Any, **kwargs: Any) -> "Iterator[str]":
        """Return a generator of the rendered template, in pieces of text.

        :param args: a dictionary of arguments of the template.
        :param kwargs: arguments of the template.
        :raises RuntimeError: the environment was made with ``enable_async``.
        """
        self._check("generate", False)
        return self.template.generate(*args, **kwargs)

    def render(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered template; arguments and errors as of ``generate``."""
        self._check("render", False)
        return self.template.render(*args, **kwargs)

    def generate_async(self, *args: Any, **kwargs: Any) -> "AsyncIterator[str]":
        """Return an asynchronous iterator of the rendered template; this is not awaited.

        Arguments as of ``generate``.

        :raises RuntimeError: the environment was made without ``enable_async``.
        """
        self._check("generate_async", True)
        return self.template.generate_async(*args, **kwargs)

    async def render_async(self, *args: Any, **kwargs: Any) -> str:
        """Return the rendered template; arguments and errors as of ``generate_async``."""
        self._check("render_async", True)
        return await self.template.render_async(*args, **kwargs)


class Jinja:
    """The plugin of Jinja templates: ``app.use(Jinja("templates"))``.

    While a request of the application is handled, ``Template`` takes its templates from here. The
    first plugin also gives ``Template.jinja_env`` its value, if it has none.

    :param template_dir: the folder of templates; this and the others as of ``Template.initialize``.
    :param enable_async: whether rendering is asynchronous.
    :param kwargs: for ``jinja2.Environment``.
    """

    name = "jinja"

    def __init__(
        self, template_dir: Any = "templates", enable_async: bool = False, **kwargs: Any
    ) -> None:
        #: The ``jinja2.Environment``, for filters, globals and the like.
        self.jinja_env = make_environment(template_dir, enable_async, **kwargs)

    def template(self, name: str, **kwargs: Any) -> Template:
        """Return a template of this application; for use outside its requests too.

        :param name: the file name; this, ``kwargs`` and what is raised as of ``Template``.
        """
        return Template(name, environment=self.jinja_env, **kwargs)

    def microdot_setup(self, app: Any) -> None:
        """Be the default of those who have none."""
        if Template.jinja_env is None:
            Template.jinja_env = self.jinja_env

    def microdot_request(self, app: Any, request: Any) -> None:
        """From here on ``Template`` means the templates of this application."""
        _context.enter(self.jinja_env)

    def microdot_response(self, app: Any, request: Any, response: Any) -> None:
        """The request is handled."""
        _context.leave(self.jinja_env)


def make_environment(
    template_dir: Any = "templates", enable_async: bool = False, **kwargs: Any
) -> Environment:
    """Return a ``jinja2.Environment``; parameters as of ``Template.initialize``."""
    if "loader" not in kwargs:
        kwargs["loader"] = FileSystemLoader(template_dir)
    if "autoescape" not in kwargs:
        kwargs["autoescape"] = select_autoescape()
    return Environment(enable_async=enable_async, **kwargs)


def init_templates(
    template_dir: Any = "templates", enable_async: bool = False, **kwargs: Any
) -> None:
    """Call ``Template.initialize``, under its name of Microdot 2.0."""
    Template.initialize(template_dir, enable_async, **kwargs)


__all__ = ["Jinja", "Template", "init_templates"]
