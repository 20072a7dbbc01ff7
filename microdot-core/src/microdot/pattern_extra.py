"""Matching and compiling a single URL pattern; the route table does without."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .routing import URLPattern


class Members:
    """The second half of ``URLPattern``."""

    #: The regular expression, once ``compile`` was called.
    regex: "Any" = None

    def compile(self) -> "Any":
        """Build and return the regular expression of the whole path.

        :raises ValueError: a segment is not well-formed, or its type is unknown.
        """
        self.regex = build_regex(self)  # type: ignore[arg-type]
        return self.regex

    def match(self, path: str) -> "dict[str, Any] | None":
        """Return the values of the dynamic segments when ``path`` matches, else None.

        :param path: a path without query string; escapes are decoded in each segment.
        """
        from .patterns import Tree, split_path

        tree = Tree()
        tree.add(0, self, self)  # type: ignore[arg-type]
        for _, args in tree.find(split_path(path)):
            return args  # type: ignore[no-any-return]
        return None


def build_regex(pattern: "URLPattern") -> "Any":
    """Return the regular expression of a whole pattern, one group for each dynamic segment."""
    text = "^"
    for segment in pattern.segments:
        text += "/"
        if isinstance(segment, str):
            for char in segment:
                text += "\\" + char if char in "\\.^$*+?{}[]()|" else char
        else:
            part = pattern.path().split("/")[text.count("/")]
            expression = part[4 : part.rfind(":")] if segment[0] == "re" else None
            text += "(" + (expression or pattern.segment_patterns[_type(part)]) + ")"
    return re.compile(text + "$")


def _type(part: str) -> str:
    return part[1:-1].rpartition(":")[0] or "string"
