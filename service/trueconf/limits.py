"""
The limits of one frame, checked before anything is built from it.

A few megabytes of JSON can become gigabytes of objects, so the limits apply to the text.
"""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from service.core.errors import FrameRejected

MOST_CONFERENCES: Final = 20_000
MOST_NESTING: Final = 32
MOST_CONFERENCE_OCTETS: Final = 256 * 1024
MOST_INVITATIONS: Final = 2000

_MEBIBYTE: Final = 2**20
_CHUNK: Final = 64 * 1024
# A run of backslashes and what the last one escapes: no cut may be within.
_ESCAPES: Final = re.compile(rb"\\+[\s\S]?")
_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_STEPS: Final = bytes.maketrans(b"[]", b"\x01\xff")
_NO_BRACKETS: Final = bytes(each for each in range(256) if each not in b"[{]}")


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How large the text of frames may be, in bytes.
    """

    frame: int = 32 * _MEBIBYTE
    other: int = _MEBIBYTE
    """Of a frame that is not a list."""

    repaired: int = 12 * _MEBIBYTE
    """Of a frame that is almost JSON: its repair takes many times its size."""

    values: int = 1_000_000
    """Commas and brackets in such a frame."""


FRAME: Final = Limits()
"""What one frame of an endpoint, and one posted event, may hold."""

FILE: Final = Limits(frame=256 * _MEBIBYTE)
"""What a document may hold in a file that a person gives."""


def check_size(data: bytes, limits: Limits) -> None:
    """Raise FrameRejected if a frame is too large."""
    if len(data) > limits.frame:
        raise FrameRejected("frame", f"larger than {octets_as_text(limits.frame)}, the most that is taken")


def check_nesting(data: bytes, *, within: int = 0) -> None:
    """Raise FrameRejected if a value is nested too deeply, counting the levels around it in its frame."""
    if is_deeper_than(data, MOST_NESTING - within):
        raise FrameRejected("frame", f"nested more than {MOST_NESTING} levels deep, the most that is taken")


def check_other(data: bytes, limits: Limits) -> None:
    """Raise FrameRejected if a frame that is not a list is too large."""
    if len(data) > limits.other:
        raise FrameRejected(
            "frame", f"no list, and larger than {octets_as_text(limits.other)}, the most that is taken"
        )


def check_repairable(data: bytes, limits: Limits) -> None:
    """Raise FrameRejected where a frame that is not strict JSON would take too much memory to repair."""
    values = data.count(b",") + data.count(b"[") + data.count(b"{")
    if len(data) > limits.repaired or values > limits.values:
        raise FrameRejected(
            "frame",
            f"no valid JSON, and more than {octets_as_text(limits.repaired)} or {limits.values:,} values, "
            "the most that is repaired",
        )


def is_deeper_than(data: bytes, levels: int) -> bool:
    """
    Return whether brackets outside of text open more than `levels` deep at any place.

    `data` need not be JSON; memory does not grow with it.
    """
    if data.count(b"[") + data.count(b"{") <= levels:
        return False
    depth = 0
    for chunk in _outside_of_text(data):
        brackets = chunk.translate(_ONE_KIND, _NO_BRACKETS)
        # Two empty pairs side by side are not deeper than one: this quickly reduces most of a flat list.
        for _ in range(4):
            brackets = brackets.replace(b"[][]", b"[]")
        steps = array("b", brackets.translate(_STEPS))
        if max(accumulate(steps, initial=depth)) > levels:
            return True
        depth += sum(steps)
    return False


def octets_as_text(octets: int) -> str:
    """Return a size for a sentence: `32 MiB`."""
    return f"{octets // _MEBIBYTE} MiB" if octets >= _MEBIBYTE else f"{octets // 1024} KiB"


def _outside_of_text(data: bytes) -> Iterator[bytes]:
    """Yield `data` in pieces, without the text between quotation marks."""
    within = 0
    for chunk in _chunks(data):
        pieces = chunk.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')
        yield b"".join(pieces[within::2])
        within ^= (len(pieces) - 1) & 1


def _chunks(data: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(data):
        end = start + _CHUNK
        if run := _ESCAPES.match(data, end - 1):
            end = run.end()
        yield data[start:end]
        start = end
