"""Reading HTTP dates (RFC 9110 section 5.6.7)."""

from .dates import MONTHS


def parse_http_date(text: str) -> "tuple[int, int, int, int, int, int] | None":
    """Return (year, month, day, hour, minute, second) of an HTTP date, None for anything else.

    All three formats of RFC 9110 5.6.7 are read; two-digit years are of 1970 to 2069.
    """
    for mark in ",-":
        text = text.replace(mark, " ")
    parts = text.split()
    if len(parts) == 5 and ":" in parts[3]:  # Sun Nov  6 08:49:37 1994
        parts = [parts[0], parts[2], parts[1], parts[4], parts[3], "GMT"]
    if len(parts) != 6 or parts[5] != "GMT":
        return None
    clock = parts[4].split(":")
    month = MONTHS.find(parts[2]) if len(parts[2]) == 3 else -1
    numbers = [parts[3], parts[1]] + clock
    if len(clock) != 3 or month < 0 or month % 3 or not all([n.isdigit() for n in numbers]):
        return None
    year, day, hour, minute, second = [int(n) for n in numbers]
    if len(parts[3]) == 2:
        year += 1900 if year >= 70 else 2000
    if not (0 < day < 32 and hour < 24 and minute < 60 and second < 61):
        return None
    return year, month // 3 + 1, day, hour, minute, second
