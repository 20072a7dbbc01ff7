"""The table that finds the route of a request."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RouteTable:
    """The compiled form of ``Microdot.url_map``.

    Paths without dynamic segments are found with one dictionary access,
    others by a walk along their segments; neither depends on the number of routes.

    :param url_map: the (methods, pattern, handler, prefix, subapp) tuples.
    """

    def __init__(self, url_map: "list[Any]") -> None:
        self.size = len(url_map)
        static: "dict[str, list[Any]]" = {}
        tree: "Any" = None
        for index in range(self.size):
            route = url_map[index]
            path = route[1].path()
            if "/<" not in path:
                if path not in static:
                    static[path] = []
                static[path].append((route, None))
            else:
                if tree is None:
                    from .patterns import Tree

                    tree = Tree()
                tree.add(index, route[1], route)
        if tree is not None:
            # A static path that a dynamic route matches, too: registration order decides.
            for path in [path for path in static if tree.find(path.split("/"))]:
                del static[path]
                for index in range(self.size):
                    if url_map[index][1].path() == path:
                        tree.add(index, url_map[index][1], url_map[index])
        self._static = static
        self._tree = tree

    def find(self, path: str) -> "Any":
        """Return the routes that match ``path`` in registration order.

        :param path: the path as received.
        :returns: a sequence of (route, arguments); arguments is None for a static path.
        """
        segments = None
        if "%" in path:
            from .patterns import split_path

            segments = split_path(path)
            path = "/".join(segments)
            if path.count("/") != len(segments) - 1:
                # An escaped slash belongs to its segment, so it is in no static path.
                path = ""
        found: "Any" = self._static.get(path)
        if found is None:
            found = self._tree.find(segments or path.split("/")) if self._tree else ()
        return found
