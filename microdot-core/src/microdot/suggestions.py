"""Did you mean …? Loaded when something is wrong only."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable


def distance(a: str, b: str) -> int:
    """Return how many characters must be added, dropped or replaced to turn ``a`` into ``b``."""
    row = list(range(len(b) + 1))
    for i in range(len(a)):
        previous, row[0] = row[0], i + 1
        for j in range(len(b)):
            cost = min(row[j + 1] + 1, row[j] + 1, previous + (a[i] != b[j]))
            previous, row[j + 1] = row[j + 1], cost
    return row[-1]


def closest(word: str, known: "Iterable[Any]") -> "str | None":
    """Return the known word that resembles ``word`` most, None when none does."""
    best = None
    limit = max(2, len(word) // 3)
    for candidate in sorted(known):
        far = distance(word, candidate)
        if far <= limit:
            limit = far - 1
            best = candidate
    return best


def unknown_option(name: str, known: "Iterable[str]") -> TypeError:
    """Return the error for an option that does not exist."""
    hint = closest(name, known)
    return TypeError(
        "unknown option %r; %s"
        % (name, "did you mean %r?" % hint if hint else "known are " + ", ".join(sorted(known)))
    )
