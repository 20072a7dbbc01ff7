"""Header fields of multipart parts, and the names in them (RFC 7578, RFC 9110 5.6.6, RFC 8187)."""

from microdot.errors import HTTPException
from microdot.helpers import CPYTHON

_TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_HEX = "0123456789abcdefABCDEF"
# RFC 2046 5.1.1: bchars, without the capitals.
_BOUNDARY = "'()+_,-./:=? 0123456789abcdefghijklmnopqrstuvwxyz"


def malformed(what: str) -> HTTPException:
    """Return the error for a form that breaks the rules.

    :param what: what is wrong, and where.
    """
    return HTTPException(400, "Multipart form: " + what)


def _is_token(text: str) -> bool:
    for char in text:
        if char not in _TOKEN:
            return False
    return bool(text)


def decode(data: bytes, where: str) -> str:
    """Return UTF-8 text.

    :param data: the bytes.
    :param where: what they are, for the message.
    :raises HTTPException: 400, they are no UTF-8 (RFC 7578 5.1.2).
    """
    try:
        text = data.decode()
        if CPYTHON or len(text) == len(data):
            return text
        # MicroPython's decoder lets overlong forms and surrogates pass.
        from microdot.helpers import lenient_utf8 as utf8

        text = utf8(data)
        if text.count("\ufffd") == data.count(b"\xef\xbf\xbd"):
            return text
    except UnicodeError:
        pass
    raise malformed("%s is not UTF-8; send it in that encoding" % where)


def parse_parameters(text: str) -> "tuple[str, dict[str, str], list[str]]":
    """Split a field value with parameters (RFC 9110 section 5.6.6).

    Values that are not quoted may have any characters but quotes and semicolons. In quoted
    ones a backslash escapes a quote or a backslash; before others it stands for itself, as
    in the Windows paths that some clients send.

    :param text: the field value.
    :returns: the value and the parameters, names in lower case; which of them were quoted.
    :raises ValueError: the text is malformed, or a parameter is repeated.
    """
    value, _, rest = text.partition(";")
    parameters: "dict[str, str]" = {}
    quoted: "list[str]" = []
    while True:
        rest = rest.lstrip(" \t;")
        if not rest:
            return value.strip(" \t").lower(), parameters, quoted
        name, equals, rest = rest.partition("=")
        name = name.lower()
        if not equals or not _is_token(name):
            raise ValueError("a parameter has no value, or no proper name")
        if name in parameters:
            raise ValueError("the parameter %s is repeated" % name)
        if rest[:1] == '"':
            item, rest = _quoted(rest)
            quoted.append(name)
            rest = rest.lstrip(" \t")
            if rest[:1] not in ("", ";"):
                raise ValueError("text follows the quoted parameter %s" % name)
        else:
            item, _, rest = rest.partition(";")
            item = item.strip(" \t")
            if not item or '"' in item:
                raise ValueError("the parameter %s is empty, or quoted in part" % name)
        parameters[name] = item


def _quoted(text: str) -> "tuple[str, str]":
    # The value of the quoted string at the beginning of text, and what follows it.
    pieces = []
    start = 1
    while True:
        end = text.find('"', start)
        if end < 0:
            raise ValueError("a quote is not closed")
        escape = text.find("\\", start, end)
        if escape < 0:
            pieces.append(text[start:end])
            return "".join(pieces), text[end + 1 :]
        following = text[escape + 1 : escape + 2]
        pieces.append(text[start:escape])
        pieces.append(following if following in ('"', "\\") else "\\" + following)
        start = escape + 2


def find_boundary(content_type: "str | None") -> "str | None":
    """Return the boundary of a form, None when the request has no multipart form.

    :param content_type: the Content-Type field of the request.
    :raises HTTPException: 400, the field is malformed (RFC 2046 section 5.1.1).
    """
    text = content_type or ""
    if text.partition(";")[0].strip(" \t").lower() != "multipart/form-data":
        return None
    try:
        boundary = parse_parameters(text)[1].get("boundary")
    except ValueError as error:
        raise malformed("malformed Content-Type field, " + str(error))
    if boundary is None:
        return None
    good = 0 < len(boundary) <= 70 and boundary[-1] != " "
    for char in boundary.lower():
        good = good and char in _BOUNDARY
    if not good:
        raise malformed(
            "the boundary must be 1 to 70 letters, digits and '()+_,-./:=? (RFC 2046 5.1.1)"
        )
    return boundary


def parse_block(block: bytes, number: int) -> "dict[str, str]":
    """Return the header fields of a part, names in lower case.

    :param block: the header lines without the empty line.
    :param number: which part it is, for messages.
    :raises HTTPException: 400, a line is malformed or a field repeated.
    """
    where = "the headers of part %d" % number
    text = decode(block, where)
    fields: "dict[str, str]" = {}
    name = ""
    for line in text.split("\r\n") if text else ():
        for char in line:
            if char < " " and char != "\t" or char == "\x7f":
                raise malformed("control character in " + where)
        if line[:1] in (" ", "\t") and name:  # RFC 5322 2.2.3: a folded line
            fields[name] += " " + line.strip(" \t")
            continue
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not _is_token(name):
            raise malformed("a line is no header field, in " + where)
        if name in fields:
            raise malformed("%s is repeated in %s" % (name, where))
        fields[name] = value.strip(" \t")
    return fields


def parse_part(block: bytes, number: int) -> "tuple[str, str | None, str | None]":
    """Return name, file name and content type of a part; the last two may be None.

    :param block: the header lines without the empty line.
    :param number: which part it is, for messages.
    :raises HTTPException: 400, the headers are not those of a form field (RFC 7578 section 4).
    """
    fields = parse_block(block, number)
    # RFC 7578 4.7: nobody sends encoded parts; to pass on encoded bytes would be wrong.
    coding = fields.get("content-transfer-encoding", "binary").lower()
    if coding not in ("7bit", "8bit", "binary"):
        raise malformed("part %d has a Content-Transfer-Encoding; send it as it is" % number)
    try:
        kind, parameters, quoted = parse_parameters(fields.get("content-disposition", ""))
    except ValueError as error:
        raise malformed("Content-Disposition of part %d: %s" % (number, error))
    name = parameters.get("name")
    if kind != "form-data" or name is None:
        raise malformed(
            'part %d needs the header Content-Disposition: form-data; name="..."' % number
        )
    filename = parameters.get("filename")
    if filename is not None and "filename" in quoted:
        filename = _unescape(filename)
    extended = parameters.get("filename*")
    if extended is not None:  # RFC 6266 4.3: it goes before the plain one
        filename = _extended(extended, number)
    if "name" in quoted:
        name = _unescape(name)
    return name, filename, fields.get("content-type")


def _unescape(text: str) -> str:
    # HTML, "multipart/form-data encoding algorithm": all that browsers escape.
    if "%" in text:
        text = text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
    return text


def _extended(text: str, number: int) -> str:
    # RFC 8187 3.2.1: charset'language'percent-encoded
    where = "filename* of part %d" % number
    charset, _, rest = text.partition("'")
    _, quote, value = rest.partition("'")
    data = bytearray()
    pieces = value.split("%")
    try:
        data.extend(pieces[0].encode())
        for piece in pieces[1:]:
            if len(piece) < 2 or piece[0] not in _HEX or piece[1] not in _HEX:
                raise ValueError
            data.append(int(piece[:2], 16))
            data.extend(piece[2:].encode())
    except ValueError:
        quote = ""
    charset = charset.lower()
    if quote and charset == "utf-8":
        return decode(bytes(data), where)
    if quote and charset == "iso-8859-1":
        return "".join([chr(byte) for byte in data])
    raise malformed("%s must be utf-8''percent-encoded (RFC 8187 3.2)" % where)
