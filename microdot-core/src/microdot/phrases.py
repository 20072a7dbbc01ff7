"""The standard reason phrases of HTTP status codes."""

#: Standard phrases of RFC 9110 section 15 (and 6585, 8470); the most frequent ones first.
_PHRASES = (
    "200OK,404Not Found,204No Content,304Not Modified,302Found,400Bad Request,"
    "500Internal Server Error,100Continue,101Switching Protocols,201Created,202Accepted,"
    "206Partial Content,301Moved Permanently,303See Other,307Temporary Redirect,"
    "308Permanent Redirect,401Unauthorized,403Forbidden,405Method Not Allowed,"
    "406Not Acceptable,408Request Timeout,409Conflict,410Gone,412Precondition Failed,"
    "413Content Too Large,414URI Too Long,415Unsupported Media Type,416Range Not Satisfiable,"
    "417Expectation Failed,422Unprocessable Content,426Upgrade Required,"
    "429Too Many Requests,431Request Header Fields Too Large,501Not Implemented,"
    "502Bad Gateway,503Service Unavailable,505HTTP Version Not Supported,"
)


def phrase(status: int) -> str:
    """Return the standard reason phrase of a status code, ``""`` for an unknown one."""
    start = _PHRASES.find(str(status))
    return _PHRASES[start + 3 : _PHRASES.find(",", start)] if start >= 0 else ""
