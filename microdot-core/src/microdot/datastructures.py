"""``NoCaseDict`` for header fields and ``MultiDict`` for fields that may repeat."""

from ._compat import CPYTHON

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

if TYPE_CHECKING or CPYTHON:
    _set = dict.__setitem__
    _get = dict.__getitem__
    _delete = dict.__delitem__
else:
    # MicroPython's dict methods take no instance of a subclass.

    def _set(d: "Any", key: "Any", value: "Any") -> None:
        super(NoCaseDict, d).__setitem__(key, value)

    def _get(d: "Any", key: "Any") -> "Any":
        return super(NoCaseDict, d).__getitem__(key)

    def _delete(d: "Any", key: "Any") -> None:
        super(NoCaseDict, d).__delitem__(key)


class NoCaseDict(dict):  # type: ignore[type-arg]
    """A dictionary with case-insensitive ``str`` keys.

    Iteration shows each key in its first spelling. One field, however it is
    spelt, has one entry.

    :param initial_dict: a mapping to start from.
    """

    #: Lower-case key -> the spelling stored.
    keymap: "dict[str, str]"

    def __init__(self, initial_dict: "dict[str, Any] | None" = None) -> None:
        super().__init__()
        self.keymap = {}
        if initial_dict:
            self.update(initial_dict)

    def __setitem__(self, key: str, value: "Any") -> None:
        _set(self, self.keymap.setdefault(key.lower(), key), value)

    def __getitem__(self, key: str) -> "Any":
        return _get(self, self.keymap.get(key.lower(), key))

    def __delitem__(self, key: str) -> None:
        _delete(self, self.keymap.get(key.lower(), key))
        del self.keymap[key.lower()]

    def __contains__(self, key: "Any") -> bool:
        return isinstance(key, str) and key.lower() in self.keymap

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict) or len(other) != len(self):
            return False
        for key in other:
            if key not in self or self[key] != other[key]:
                return False
        return True

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def get(self, key: str, default: "Any" = None) -> "Any":  # type: ignore[override]
        """Return the value of ``key``, ``default`` without one."""
        stored = self.keymap.get(key.lower())
        return default if stored is None else _get(self, stored)

    def pop(self, key: str, *default: "Any") -> "Any":  # type: ignore[override]
        """Remove ``key`` and return its value, or the default given; ``KeyError`` without one."""
        if key in self or not default:
            value = self[key]
            del self[key]
            return value
        return default[0]

    def popitem(self) -> "tuple[str, Any]":
        """Remove and return some ``(key, value)`` pair."""
        for key in self:
            return key, self.pop(key)
        raise KeyError("dictionary is empty")

    def setdefault(self, key: str, default: "Any" = None) -> "Any":  # type: ignore[override]
        """Return the value of ``key``; set it to ``default`` first when there is none."""
        stored = self.keymap.get(key.lower())
        if stored is None:
            self[key] = default
            return default
        return _get(self, stored)

    def update(self, other_dict: "Any" = (), **more: "Any") -> None:  # type: ignore[override]
        """Take over the entries of a mapping or of an iterable of pairs."""
        pairs = other_dict.items() if hasattr(other_dict, "items") else other_dict
        for key, value in pairs:
            self[key] = value
        for key in more:
            self[key] = more[key]

    def clear(self) -> None:
        """Remove all entries."""
        super().clear()
        self.keymap.clear()

    def copy(self) -> "NoCaseDict":
        """Return a shallow copy."""
        return NoCaseDict(self)


class MultiDict(dict):  # type: ignore[type-arg]
    """A dictionary that keeps every value assigned to a key, in order.

    :param initial_dict: a mapping to start from, one value for each key.
    """

    def __init__(self, initial_dict: "dict[str, Any] | None" = None) -> None:
        super().__init__()
        if initial_dict:
            for key, value in initial_dict.items():
                self[key] = value

    def __setitem__(self, key: str, value: "Any") -> None:
        values = super().get(key)
        if values is None:
            super().__setitem__(key, [value])
        else:
            values.append(value)

    def __getitem__(self, key: str) -> "Any":
        return super().__getitem__(key)[0]

    def get(  # type: ignore[override]
        self, key: str, default: "Any" = None, type: "Callable[[Any], Any] | None" = None
    ) -> "Any":
        """Return the first value of ``key``.

        :param key: the key.
        :param default: what to return without a value; not converted.
        :param type: a callable that converts the value; its errors propagate.
        """
        values = super().get(key)
        if not values:
            return default
        return type(values[0]) if type else values[0]

    def getlist(self, key: str, type: "Callable[[Any], Any] | None" = None) -> "list[Any]":
        """Return all values of ``key``, converted by ``type``; ``[]`` without one."""
        values = super().get(key) or []
        return [type(value) for value in values] if type else list(values)
