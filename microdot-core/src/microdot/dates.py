"""HTTP dates (RFC 9110 section 5.6.7). No locale, no ``strftime``."""

from time import gmtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAYS = "MonTueWedThuFriSatSun"
MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"


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
        MONTHS[month * 3 - 3 : month * 3],
        year,
        hour,
        minute,
        second,
    )
