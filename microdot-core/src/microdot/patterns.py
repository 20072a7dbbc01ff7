"""The tree in which the routes with dynamic segments are found."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .routing import URLPattern


def split_path(path: str) -> "list[str]":
    """Return the segments of a path, split first, then with their escapes decoded."""
    segments = path.split("/")
    if "%" in path:
        from .urls import unquote

        segments = [unquote(segment) for segment in segments]
    return segments


def _is_int(text: str) -> bool:
    digits = text[1:] if text[:1] == "-" else text
    # isdigit() alone accepts other scripts' digits.
    return digits.isdigit() and len(digits.encode()) == len(digits)


class Node:
    """What may follow one prefix of segments."""

    def __init__(self) -> None:
        self.literals: "dict[str, Node]" = {}
        #: For one non-empty segment, and for one that is an integer.
        self.string: "Node | None" = None
        self.int: "Node | None" = None
        #: (index, route, names) of the routes that end here.
        self.ends: "list[Any]" = []
        #: (index, route, names, remaining segments) of routes that go on with other kinds.
        self.others: "list[Any]" = []


class Tree:
    """The dynamic routes, arranged by their segments."""

    def __init__(self) -> None:
        self._root = Node()

    def add(self, index: int, pattern: "URLPattern", route: "Any") -> None:
        """Add a route.

        :param index: its place in registration order.
        :param pattern: its pattern.
        :param route: what ``find`` is to return.
        """
        node = self._root
        names: "list[str]" = []
        segments = pattern.segments
        for i in range(len(segments)):
            segment = segments[i]
            if isinstance(segment, str):
                if segment not in node.literals:
                    node.literals[segment] = Node()
                node = node.literals[segment]
                continue
            kind = segment[0]
            if kind == "string":
                node.string = node.string or Node()
                node = node.string
            elif kind == "int":
                node.int = node.int or Node()
                node = node.int
            else:
                node.others.append((index, route, names, segments[i:]))
                return
            names.append(segment[1])
        node.ends.append((index, route, names))

    def find(self, segments: "list[str]") -> "list[Any]":
        """Return (route, arguments) of all matching routes in registration order.

        :param segments: the decoded segments of the path; the first one is the text before
                         the leading slash.
        """
        if segments[0]:
            return []
        found: "list[Any]" = []
        _walk(self._root, segments, 1, [], found)
        if len(found) > 1:
            found.sort(key=lambda item: item[0])
        return [(route, args) for _, route, args in found]


def _walk(
    node: Node, segments: "list[str]", i: int, values: "list[Any]", found: "list[Any]"
) -> None:
    while True:
        if i == len(segments):
            for index, route, names in node.ends:
                found.append((index, route, dict(zip(names, values))))
            return
        for index, route, names, rest in node.others:
            args = dict(zip(names, values))
            if _match_rest(rest, 0, segments, i, args):
                found.append((index, route, args))
        segment = segments[i]
        i += 1
        literal = node.literals.get(segment)
        string = node.string if segment else None
        integer = node.int
        if integer is not None and _is_int(segment):
            _walk(integer, segments, i, values + [int(segment)], found)
        if string is None:
            if literal is None:
                return
            node = literal
        else:
            if literal is not None:
                _walk(literal, segments, i, values, found)
            node = string
            values = values + [segment]


def _match_rest(
    rest: "list[Any]", at: int, segments: "list[str]", i: int, args: "dict[str, Any]"
) -> bool:
    # Segments of any kind, one by one; a path or an expression takes as many as it can.
    if at == len(rest):
        return i == len(segments)
    if i >= len(segments):
        return False
    segment = rest[at]
    if isinstance(segment, str):
        return segment == segments[i] and _match_rest(rest, at + 1, segments, i + 1, args)
    kind, name, match, parser = segment
    if kind in ("string", "int"):
        value: "Any" = segments[i]
        if not value or kind == "int" and not _is_int(value):
            return False
        args[name] = int(value) if kind == "int" else value
        return _match_rest(rest, at + 1, segments, i + 1, args)
    # Each segment that follows needs one of its own.
    for end in range(len(segments) - (len(rest) - at - 1), i, -1):
        value = text = "/".join(segments[i:end])
        if not text or match is not None and not match(text):
            continue
        if parser is not None:
            try:
                value = parser(text)
            except Exception:
                value = None
            if value is None:
                continue
        args[name] = value
        if _match_rest(rest, at + 1, segments, end, args):
            return True
    return False
