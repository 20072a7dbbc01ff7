"""The field ``Forwarded`` (RFC 7239)."""

import re

# RFC 9110 5.6.2 and 5.6.4: what may not stand in a token and in a quoted string.
_bad_token = re.compile("[^-!#$%&'*+.^_`|~0-9A-Za-z]").search
_bad_text = re.compile("[^\t -~\x80-\xff]").search


def parse_forwarded(value: str) -> "list[dict[str, str]]":
    """Return the elements of a ``Forwarded`` field: parameter in lower case -> value (RFC 7239 4).

    :param value: the field, several lines joined by commas.
    :raises ValueError: it is malformed, or an element has a parameter twice.
    """
    result = []
    element: "dict[str, str]" = {}
    position, size = 0, len(value)
    while True:
        while position < size and value[position] in " \t":
            position += 1
        if position < size and value[position] not in ",;":
            equals = value.find("=", position)
            name = value[position:equals].lower()
            if equals < 0 or not name or _bad_token(name) or name in element:
                raise ValueError
            element[name], position = _value(value, equals + 1)
            while position < size and value[position] in " \t":
                position += 1
        if position == size or value[position] == ",":
            if element:
                result.append(element)
                element = {}
            if position == size:
                return result
        elif value[position] != ";":
            raise ValueError
        position += 1


def _value(text: str, start: int) -> "tuple[str, int]":
    # A token or a quoted string (RFC 7239 4), and where it ends.
    size = len(text)
    end = start
    if text[start : start + 1] != '"':
        while end < size and text[end] not in " \t,;":
            end += 1
        token = text[start:end]
        if not token or _bad_token(token):
            raise ValueError
        return token, end
    out = []
    end += 1
    while end < size and text[end] != '"':
        if text[end] == "\\":
            end += 1
        out.append(text[end : end + 1])
        end += 1
    quoted = "".join(out)
    if end >= size or _bad_text(quoted):
        raise ValueError
    return quoted, end + 1
