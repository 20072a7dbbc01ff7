"""``Values``: what a form has under each name, the first value in front."""

from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple


class Values(Dict[str, Any]):
    """A plain dictionary of the first value of each name, which has the others, too.

    :param pairs: (name, value) pairs, in order.
    """

    def __init__(self, pairs: "Iterable[Tuple[str, Any]]") -> None:
        super().__init__()
        self._all: "Dict[str, List[Any]]" = {}
        for name, value in pairs:
            self.setdefault(name, value)
            self._all.setdefault(name, []).append(value)

    def get(  # type: ignore[override]
        self, key: str, default: Any = None, type: "Optional[Callable[[Any], Any]]" = None
    ) -> Any:
        """Return the first value of ``key``, converted by ``type``; ``default`` without one."""
        if key not in self:
            return default
        return type(self[key]) if type else self[key]

    def getlist(self, key: str, type: "Optional[Callable[[Any], Any]]" = None) -> "List[Any]":
        """Return all values of ``key`` in order, converted by ``type``; ``[]`` without one."""
        values = self._all.get(key, ())
        return [type(value) for value in values] if type else list(values)
