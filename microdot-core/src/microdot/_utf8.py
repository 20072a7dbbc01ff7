"""UTF-8 text of bytes that may be invalid."""

from ._compat import CPYTHON

if CPYTHON:
    from .cpython.compat import utf8 as utf8
else:
    # The platform's own decoder refuses or misreads invalid input.

    def utf8(data: bytes) -> str:
        """Return ``data`` decoded from UTF-8, invalid sequences as U+FFFD (WHATWG Encoding 4.1)."""
        size = len(data)
        out = []
        start = i = 0
        while i < size:
            byte = data[i]
            if byte < 0x80:
                i += 1
                continue
            low, high = 0x80, 0xBF
            if 0xC2 <= byte <= 0xDF:
                need = 1
            elif 0xE0 <= byte <= 0xEF:
                need = 2
                if byte == 0xE0:
                    low = 0xA0
                elif byte == 0xED:
                    high = 0x9F
            elif 0xF0 <= byte <= 0xF4:
                need = 3
                if byte == 0xF0:
                    low = 0x90
                elif byte == 0xF4:
                    high = 0x8F
            else:
                need = 0
            end = i + 1
            while need and end < size and low <= data[end] <= high:
                low, high = 0x80, 0xBF
                end += 1
                need -= 1
            if need or byte < 0xC2 or byte > 0xF4:
                out.append(data[start:i].decode())
                out.append("\ufffd")
                start = end
            i = end
        out.append(data[start:].decode())
        return "".join(out)
