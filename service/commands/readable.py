"""
Readable input: letters in place of JSON's escapes, and no control characters for the terminal.
"""

import re
from collections.abc import Iterator

_ESCAPES = re.compile(r"(?<!\\)((?:\\\\)*)((?:\\u[0-9a-fA-F]{4})+)")
_ONE = re.compile(r"\\u([0-9a-fA-F]{4})")


def make_readable(raw: bytes) -> str:
    """
    Return a frame or a conference for a person to read.

    `\\u0421` becomes its letter. Characters that would change the meaning of the JSON stay escaped, as do
    those that cannot be printed. Bytes that are not UTF-8 are shown as `\\xff`. The input need not be valid
    JSON.
    """
    text = raw.decode("utf-8", errors="backslashreplace")
    shown = _ESCAPES.sub(lambda found: found[1] + "".join(_decode(found[2])), text)
    return "".join(sign if sign.isprintable() or sign in "\n\t" else _escape(sign) for sign in shown)


def _decode(escapes: str) -> Iterator[str]:
    units = [int(digits, 16) for digits in _ONE.findall(escapes)]
    text = b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be", errors="surrogatepass")
    for sign in text:
        yield sign if sign.isprintable() and sign not in {'"', "\\"} else _escape(sign)


def _escape(sign: str) -> str:
    units = sign.encode("utf-16-be", errors="surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
