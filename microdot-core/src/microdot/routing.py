"""URL patterns."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


if TYPE_CHECKING or CPYTHON:
    from .pattern_extra import Members as Extra
else:
    from ._compat import Lazy as Extra


class URLPattern(Extra):
    """A URL path with dynamic segments, such as ``/users/<int:id>``.

    :param url_pattern: the path; a dynamic segment is ``<name>``, ``<type:name>`` or ``<re:REGEX:name>``.
    """

    _extra = "microdot.pattern_extra"

    #: Type name -> regular expression; of all applications.
    segment_patterns = {"string": "[^/]+", "int": "-?[0-9]+", "path": ".+"}
    #: Type name -> function that turns the text of a segment into its value.
    segment_parsers: "dict[str, Callable[[str], Any]]" = {}

    # Local sub-applications from the outermost to the innermost, if more than one.
    chain: "Any" = None
    # (max_content_length, max_body_length) of the route, where given.
    limits: "Any" = None
    _segments: "Any" = None

    def __init__(self, url_pattern: str) -> None:
        self.url_pattern = url_pattern

    def path(self) -> str:
        """Return the pattern with the leading slash it may lack."""
        url = self.url_pattern
        return url if url[:1] == "/" else "/" + url

    @property
    def segments(self) -> "list[Any]":
        """The segments: text for a literal one, (kind, name, match, parser) for a dynamic one.

        :raises ValueError: a segment is not well-formed, or its type is unknown.
        """
        if self._segments is None:
            from .segments import parse_pattern

            self._segments = parse_pattern(self)
        return self._segments  # type: ignore[no-any-return]

    @classmethod
    def register_type(
        cls,
        type_name: str,
        pattern: str = "[^/]+",
        parser: "Callable[[str], Any] | None" = None,
    ) -> None:
        """Add a segment type, for patterns made from now on.

        :param type_name: the name that patterns use.
        :param pattern: the regular expression that a value matches as a whole.
        :param parser: turns the text into the value; None from it means "no match".
        """
        cls.segment_patterns[type_name] = pattern
        if parser is not None:
            cls.segment_parsers[type_name] = parser
        elif type_name in cls.segment_parsers:
            del cls.segment_parsers[type_name]
