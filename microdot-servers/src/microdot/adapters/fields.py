"""Header fields as the servers want them: checked, encoded, remembered."""

import re
from typing import Any, Dict, Iterable, List, Tuple

from ..fields import bad_token

#: RFC 9110 5.5: what must not stand in a field value.
bad_value = re.compile("[^\t -~\x80-\xff]").search
_controls = re.compile("[\x00-\x08\n-\x1f\x7f]")

#: Names and values that have been checked -> what is sent for them.
_encoded: "Dict[Tuple[str, Any], Tuple[bytes, bytes]]" = {}
#: Names as a server gives them -> as ``request.headers`` shows them.
_names: "Dict[bytes, str]" = {}


def check_pairs(pairs: "Iterable[Tuple[str, Any]]") -> "List[Tuple[str, str]]":
    """Return header fields as text, one for each element of a value that is a list.

    :param pairs: names and values of any type.
    :raises ValueError: a name is no token, or a value has characters that must not be sent.
    """
    fields = []
    for name, value in pairs:
        if not name or bad_token(name):
            raise ValueError("bad header name: %r" % name)
        for item in value if isinstance(value, (list, tuple)) else (value,):
            text = item if isinstance(item, str) else str(item)
            if bad_value(text):
                raise ValueError("bad header field: %r" % ("%s: %s" % (name, text)))
            fields.append((name, text))
    return fields


def encode_pairs(pairs: "Iterable[Tuple[str, Any]]") -> "List[Tuple[bytes, bytes]]":
    """Return header fields as bytes, names in small letters, as ASGI wants them.

    :param pairs: names and values of any type.
    :raises ValueError: as ``check_pairs``.
    """
    fields = []
    for pair in pairs:
        try:
            fields.append(_encoded[pair])
            continue
        except (KeyError, TypeError):  # a list is no key
            pass
        for name, text in check_pairs((pair,)):
            field = (name.lower().encode("ascii"), text.encode("latin-1"))
            fields.append(field)
        if type(pair[1]) is str and pair[0] != "Set-Cookie":
            if len(_encoded) >= 500:
                _encoded.clear()
            _encoded[pair] = field
    return fields


def decode_pairs(headers: "Iterable[Any]") -> "List[Tuple[str, str]]":
    """Return the header fields of an ASGI scope as text, names in the usual capitals.

    Bytes are taken for Latin-1 (RFC 9110 5.5); control characters, which no server should let
    through, become spaces.

    :param headers: (name, value) pairs of bytes.
    """
    pairs = []
    for name, value in headers:
        known = _names.get(name)
        if known is None:
            known = bytes(name).decode("latin-1").title()
            if len(_names) >= 500:
                _names.clear()
            if len(known) <= 64:
                _names[name] = known
        text = bytes(value).decode("latin-1")
        if not text.isprintable() and _controls.search(text):
            text = _controls.sub(" ", text)
        pairs.append((known, text.strip(" \t")))
    return pairs
