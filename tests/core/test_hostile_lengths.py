"""
Texts that are made to be long: reading them takes a small part of the memory that they could be made to take.
"""

import tracemalloc
from collections.abc import Callable

import pytest

from service.caldav.xml import Malformed, parse_xml
from service.core.rejected import without_secrets
from service.publishing.equivalence import parse_resource

MEBIBYTE = 2**20


def resource(line: bytes) -> bytes:
    return b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n" + line + b"\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def unparsed(body: bytes) -> None:
    with pytest.raises(Malformed):
        parse_xml(body)


def times_its_size(read: Callable[[bytes], object], text: bytes) -> float:
    """Return the memory that reading takes at most, in sizes of what is read."""
    tracemalloc.start()
    try:
        read(text)
        return tracemalloc.get_traced_memory()[1] / len(text)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (unparsed, b" \n" * (2 * MEBIBYTE)),
        (unparsed, b"\xef\xbb\xbf" * MEBIBYTE),
        (parse_resource, resource(b"X;" + b"a" * MEBIBYTE)),
        (parse_resource, resource(b"X;" + b"a" * MEBIBYTE + b":1")),
        (parse_resource, resource(b'X;a="b"' * (MEBIBYTE // 7))),
        (parse_resource, resource(b"X:1\r\n" * MEBIBYTE)),
        (without_secrets, b"?k=" + b"a" * MEBIBYTE),
        (without_secrets, b"?k=a" * (MEBIBYTE // 4)),
        (without_secrets, b'"pin":"' + b"a" * MEBIBYTE),
        (without_secrets, b'"pin":"' + rb"a\"" * (MEBIBYTE // 3)),
    ],
    ids=["blanks", "marks", "parameter", "ended", "quoted", "lines", "link", "links", "pin", "escaped pin"],
)
def test_reading_takes_a_few_times_the_size(read: Callable[[bytes], object], text: bytes) -> None:
    assert times_its_size(read, text) < 30


def test_a_resource_longer_than_any_of_ours_is_known_by_its_uid() -> None:
    body = resource(b"X:" + b"a" * 3 * MEBIBYTE)

    assert parse_resource(body).uid == "1"
    assert parse_resource(body) == parse_resource(body)
    assert parse_resource(body) != parse_resource(body.replace(b"X:a", b"X:b"))
