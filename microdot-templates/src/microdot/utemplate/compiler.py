"""``Compiler``: that of utemplate, with errors that say where, and with escaping."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

try:
    from utemplate import source  # pyright: ignore
except ImportError as error:
    raise ImportError(
        "microdot.utemplate needs the package utemplate (%s). pip cannot install that: run "
        "python -m microdot.utemplate. For a board, "
        'mip.install("github:pfalcon/utemplate/utemplate/source.py", target="lib/utemplate"), '
        "and the same with compiled.py" % error
    )


class Compiler(source.Compiler):
    """Writes the Python module of a template.

    :param file_in: the template, open.
    :param file_out: the module, open.
    :param loader: its ``input_open(name)`` opens the templates that are included.
    :param name: the file name of the template, for messages.
    :param escaped: whether expressions are escaped for HTML.
    """

    def __init__(
        self, file_in: "Any", file_out: "Any", loader: "Any", name: str, escaped: bool
    ) -> None:
        super().__init__(file_in, file_out, 0, 0, loader)
        self.seq: int = 0
        self._escaped = escaped
        self._line = 0
        # The template at hand comes last, before it those that include it.
        self._names = [name]

    def header(self) -> None:
        """Begin the module."""
        super().header()
        if self._escaped and len(self._names) == 1:
            self.file_out.write(
                "from microdot.utemplate.escaping import escape as _escape\nescaped = True\n"
            )

    def compile(self) -> "Any":
        """Write the module; return the number of the last function in it.

        :raises SyntaxError: the template is not well-formed.
        :raises OSError: a template that it includes is not there.
        """
        super().compile()
        if len(self.stack) > 1:
            raise self._error("the block {%% %s %%} has no end" % self.stack[-1])
        # Always a function, and always a generator: an empty template is neither by itself.
        self.indent()
        self.file_out.write("return\n")
        self.indent()
        self.file_out.write("yield\n")
        return self.seq

    def parse_line(self, line: str) -> None:
        """Write what a line of the template stands for."""
        self._line += 1
        try:
            super().parse_line(line)
        except (AssertionError, IndexError):
            raise self._error(
                "%r is not understood; a statement is on one line, and every block has an end"
                % line.strip()
            ) from None

    def parse_statement(self, statement: str) -> None:
        """Write what a statement stands for; an included template becomes a function inside."""
        words = statement.split(None, 2)
        if words[0] != "include" or words[1][0] == "{":
            if words[0] == "include" and self._escaped:
                raise self._error("what is included by a computed name cannot be escaped")
            super().parse_statement(statement)
            return
        name = words[1][1:-1]
        if name in self._names:
            raise self._error("%r includes itself" % name)
        if not self.flushed_header:
            self.indent()
        with self.loader.input_open(name) as file:
            inner = Compiler(file, self.file_out, self.loader, name, self._escaped)
            inner._indent = len(self.stack) + self._indent
            inner._names = self._names + [name]
            inner.seq = number = self.seq + 1
            self.seq = inner.compile()
        self.indent()
        self.file_out.write("yield from render%d(%s)\n" % (number, " ".join(words[2:])))

    def render_expr(self, expression: str) -> None:
        """Write what an expression stands for."""
        if self._escaped:
            self.indent()
            self.file_out.write("yield _escape(%s)\n" % expression)
        else:
            super().render_expr(expression)

    def _error(self, text: str) -> SyntaxError:
        return SyntaxError("template %r, line %d: %s" % (self._names[-1], self._line, text))
