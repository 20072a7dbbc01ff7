"""The syntax of URL patterns with dynamic segments."""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .routing import URLPattern


def parse_pattern(pattern: "URLPattern") -> "list[Any]":
    """Return the segments of a pattern: text for a literal, (kind, name, match, parser) else.

    :raises ValueError: a segment is not well-formed, or its type is unknown.
    """
    segments: "list[Any]" = []
    for part in pattern.path().split("/")[1:]:
        if part[:1] != "<":
            segments.append(part)
            continue
        if part[-1:] != ">":
            raise ValueError(
                "bad URL pattern %r: the dynamic part %r must end with '>' and be a whole segment"
                % (pattern.url_pattern, part)
            )
        kind, _, name = part[1:-1].rpartition(":")
        kind = kind or "string"
        match = parser = None
        if kind[:3] == "re:":
            match = _compiled(pattern, kind[3:])
            kind = "re"
        elif kind not in pattern.segment_patterns:
            raise ValueError(
                "bad URL pattern %r: unknown type %r; known are re and %s; "
                "URLPattern.register_type() adds others"
                % (pattern.url_pattern, kind, ", ".join(sorted(pattern.segment_patterns)))
            )
        else:
            parser = pattern.segment_parsers.get(kind)
            expression = pattern.segment_patterns[kind]
            if parser is not None or expression != _BUILT_IN.get(kind):
                match = _compiled(pattern, expression)
                kind = "custom"
        if not name or "<" in name or ">" in name:
            raise ValueError(
                "bad URL pattern %r: %r needs a name: <name> or <type:name>"
                % (pattern.url_pattern, part)
            )
        segments.append((kind, name, match, parser))
    return segments


_BUILT_IN = {"string": "[^/]+", "int": "-?[0-9]+", "path": ".+"}


def _compiled(pattern: "URLPattern", expression: str) -> "Any":
    # A function that tells whether all of a text matches.
    try:
        regex = re.compile("^(?:" + expression + ")$")
    except Exception as error:
        raise ValueError(
            "bad URL pattern %r: %r is no regular expression (%s)"
            % (pattern.url_pattern, expression, error)
        )
    # "$" also matches before a last line feed, but not with another character behind it.
    return lambda text: regex.match(text) is not None and text[-1:] != "\n"
