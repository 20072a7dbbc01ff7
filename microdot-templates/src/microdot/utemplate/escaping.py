"""Text as HTML: ``escape``, and ``Markup`` for what is HTML already."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Markup:
    """Text that is HTML already: ``escape`` leaves it as it is.

    :param text: the HTML.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __html__(self) -> str:
        """Return the HTML."""
        return self._text


def escape(value: "Any") -> str:
    """Return the text of a value with ``& < > " '`` as character references.

    So it stands for itself in HTML and XML, between tags and in quoted attributes; not in scripts,
    style sheets and attributes without quotes.

    :param value: any object, of which ``str()`` is taken; one with a method ``__html__``, such as
                  ``Markup``, says itself what it is in HTML.
    """
    if hasattr(value, "__html__"):
        return value.__html__()  # type: ignore[no-any-return]
    text = str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")
