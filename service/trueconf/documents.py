"""
JSON documents in a file that a person gives: one, however it is laid out, or one a line.
"""

import codecs
from collections.abc import Iterator

import msgspec

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def documents(data: bytes) -> Iterator[tuple[int, bytes]]:
    """
    Yield each document with the number of its line, from 1; a file that is one document has the number 0.

    A line that is not JSON is yielded too, so that the reader can report it. Marks of byte order are not
    part of a document, and UTF-16, which PowerShell writes, is turned into UTF-8.
    """
    data = _plain(data)
    lines = [(number, line.strip()) for number, line in enumerate(data.split(b"\n"), start=1)]
    lines = [(number, line) for number, line in lines if line]
    # A document that is laid out over many lines and broken is one complaint, not one for each line.
    if len(lines) > 1 and not _is_json(data) and any(_is_object(line) for _, line in lines):
        yield from lines
    else:
        yield 0, data


def _plain(data: bytes) -> bytes:
    if data.startswith(_WIDE):
        return data.decode("utf-16", "replace").encode()
    return data.removeprefix(codecs.BOM_UTF8)


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and _is_json(line)


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
