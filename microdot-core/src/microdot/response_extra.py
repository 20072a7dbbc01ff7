"""What a response can do beyond its body, status and headers; loaded on first use on a board."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: The types that ``Response.types_map`` begins with.
TYPES_MAP = {
    "css": "text/css",
    "gif": "image/gif",
    "html": "text/html",
    "jpg": "image/jpeg",
    "js": "application/javascript",
    "json": "application/json",
    "png": "image/png",
    "txt": "text/plain",
    "svg": "image/svg+xml",
}


class Members:
    """The second half of ``Response``."""

    if TYPE_CHECKING:
        body: Any
        status_code: int
        headers: Any
        is_head: bool
        send_file_buffer_size: int
        _reason: "str | None"

        def content_type(self) -> str: ...

    @property
    def reason(self) -> str:
        """The reason phrase given; else ``OK`` for 200 and ``N/A``, which is sent as the standard one."""
        return self._reason or ("OK" if self.status_code == 200 else "N/A")

    @reason.setter
    def reason(self, value: "str | None") -> None:
        self._reason = value

    def set_cookie(
        self,
        cookie: str,
        value: "Any",
        path: "str | None" = None,
        domain: "str | None" = None,
        expires: "Any" = None,
        max_age: "int | None" = None,
        secure: bool = False,
        http_only: bool = False,
        partitioned: bool = False,
        same_site: "str | None" = None,
    ) -> None:
        """Add a cookie (RFC 6265 section 4.1).

        :param cookie: the name.
        :param value: the value, text without white space, quotes, commas, semicolons.
        :param path: where on the site the cookie is sent.
        :param domain: the domain it is sent to.
        :param expires: when it ends: a ``datetime``, seconds since the epoch, or HTTP date text.
        :param max_age: how long it lives, in seconds.
        :param secure: send it over TLS only.
        :param http_only: keep it from scripts.
        :param partitioned: keep one for each top-level site.
        :param same_site: ``"Strict"``, ``"Lax"`` or ``"None"``.
        :raises ValueError: a part has characters that are not allowed there.
        """
        from .cookies import add_cookie, format_cookie

        text = format_cookie(
            cookie, value, path, domain, expires, max_age, secure, http_only, partitioned, same_site
        )
        add_cookie(self.headers, text)

    def delete_cookie(self, cookie: str, **kwargs: "Any") -> None:
        """Tell the client to drop a cookie.

        :param cookie: the name.
        :param kwargs: the options of ``set_cookie`` the cookie was set with.
        """
        from .cookies import EXPIRED

        kwargs["expires"] = EXPIRED
        kwargs["max_age"] = 0
        self.set_cookie(cookie, "", **kwargs)

    def complete(self) -> None:
        """Add Content-Length, for a body of bytes, and Content-Type when they are missing."""
        headers = self.headers
        if isinstance(self.body, bytes) and "Content-Length" not in headers:
            headers["Content-Length"] = str(len(self.body))
        if "Content-Type" not in headers:
            headers["Content-Type"] = self.content_type()

    async def write(self, stream: "Any") -> None:
        """Complete the response and write it as an HTTP/1.0 message.

        :param stream: an object with a coroutine ``awrite(bytes)``.
        :raises ValueError: the status line or a header field cannot be sent.
        """
        from .fields import encode_head

        self.complete()
        await stream.awrite(encode_head(self.status_code, self.reason, self.headers.items(), "1.0"))
        if not self.is_head:
            chunks = self.body_iter()
            try:
                async for chunk in chunks:
                    await stream.awrite(chunk)
            finally:
                await chunks.aclose()

    def body_iter(self) -> "Any":
        """Return an asynchronous iterator over the body as bytes, with ``aclose()``."""
        from .iterators import BodyIterator

        return BodyIterator(self.body, self.send_file_buffer_size)
