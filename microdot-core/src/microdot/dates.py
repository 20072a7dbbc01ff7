"""HTTP dates (RFC 9110 section 5.6.7). No locale, no ``strftime``."""

from time import gmtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAYS = "MonTueWedThuFriSatSun"
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


def http_date(when: "Any") -> str:
    """Return a moment as text, for example ``Sun, 06 Nov 1994 08:49:37 GMT``.

    :param when: seconds since the epoch of ``time.time()``, a tuple as of
                 ``time.gmtime()``, or a ``datetime``; one without a time zone is UTC.
    """
    if hasattr(when, "utctimetuple"):
        when = when.utctimetuple()
    if not isinstance(when, tuple):
        when = gmtime(int(when))
    year, month, day, hour, minute, second, weekday = when[:7]
    return "%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _DAYS[weekday * 3 : weekday * 3 + 3],
        day,
        _MONTHS[month * 3 - 3 : month * 3],
        year,
        hour,
        minute,
        second,
    )


def parse_http_date(text: str) -> "tuple[int, int, int, int, int, int] | None":
    """Return (year, month, day, hour, minute, second) of an HTTP date, None for anything else.

    All three formats of RFC 9110 5.6.7 are read; two-digit years are of 1970 to 2069.
    """
    for mark in ",-":
        text = text.replace(mark, " ")
    parts = text.split()
    if len(parts) == 5 and ":" in parts[3]:  # Sun Nov  6 08:49:37 1994
        parts = [parts[0], parts[2], parts[1], parts[4], parts[3]]
    if len(parts) not in (5, 6) or len(parts) == 6 and parts[5] != "GMT":
        return None
    clock = parts[4].split(":")
    month = _MONTHS.find(parts[2]) if len(parts[2]) == 3 else -1
    numbers = [parts[3], parts[1]] + clock
    if len(clock) != 3 or month < 0 or month % 3 or not all([n.isdigit() for n in numbers]):
        return None
    year, day, hour, minute, second = [int(n) for n in numbers]
    if len(parts[3]) == 2:
        year += 1900 if year >= 70 else 2000
    if not (0 < day < 32 and hour < 24 and minute < 60 and second < 61):
        return None
    return year, month // 3 + 1, day, hour, minute, second
