"""
A second, slower parser for frames that are almost JSON and that the strict decoder refuses.
"""

import json
import math
import re
from codecs import BOM_UTF8
from typing import Final

from service.core.errors import FrameRejected

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_LONGEST_INTEGER: Final = 30


def repair(data: bytes) -> bytes:
    """
    Return strict JSON that says the same as `data`.

    Forgiven: a byte order mark, control characters within text, bytes that are no UTF-8, surrogates without a
    partner (both become U+FFFD), numbers that no type holds (they become null). Raises FrameRejected with the
    position of the first byte that cannot be forgiven.
    """
    written = data.decode("utf-8-sig", errors="replace")
    try:
        value = json.loads(
            written,
            strict=False,
            parse_constant=lambda _: None,
            parse_float=_finite,
            parse_int=_moderate,
        )
        plain = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except json.JSONDecodeError as error:
        mark = len(BOM_UTF8) if data.startswith(BOM_UTF8) else 0
        position = mark + len(written[: error.pos].encode())
        raise FrameRejected("frame", f"no valid JSON at byte {position} of {len(data)}") from error
    except RecursionError as error:
        raise FrameRejected("frame", "nested too deeply") from error
    return _LONE_SURROGATE.sub(_REPLACEMENT, plain).encode()


def to_bytes(data: str | bytes) -> bytes:
    """Return a text frame as UTF-8, with U+FFFD in place of lone surrogates, which UTF-8 cannot encode."""
    if isinstance(data, bytes):
        return data
    return _LONE_SURROGATE.sub(_REPLACEMENT, data).encode()


def _finite(written: str) -> float | None:
    number = float(written)
    return number if math.isfinite(number) else None


def _moderate(written: str) -> int | None:
    # Python itself refuses to convert numbers of thousands of digits.
    return int(written) if len(written) <= _LONGEST_INTEGER else None
