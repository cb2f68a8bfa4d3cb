"""
XML that is too much, and what is said of what is none.
"""

from collections.abc import Callable

import pytest

from service.caldav.xml import Malformed, parse_xml
from service.core.excerpt import first_words

MB = 1024 * 1024
ATTRIBUTES = b"<a " + b" ".join(b'a%d=""' % number for number in range(64)) + b"/>"
TEXTS = "<a/>{}\N{GRINNING FACE}".format("x" * 50).encode()
GREETING = '<d:multistatus xmlns:d="DAV:"/>'


@pytest.mark.parametrize(
    ("write", "why"),
    # Each is made by its test, for some are large.
    [
        (lambda: b"<x>" + b"<a/>" * 600_000 + b"</x>", "more than 500000 elements"),
        (lambda: b"<a>" * 100, "nested more than 64 levels"),
        (
            lambda: b"<x " + b" ".join(b'a%d=""' % number for number in range(65)) + b"/>",
            "too many attributes",
        ),
        (
            lambda: b"<x " + b" ".join(b'a%d=">"' % number for number in range(300_000)),
            "a tag without an end",
        ),
        (lambda: b'<x xmlns="' + b"u" * 2_000 + b'"><a/></x>', "too long a name"),
        (lambda: b"<x>" + b"a" * 9 * MB + b"</x>", "too much text"),
        (lambda: b"<x>" + b"<!--" + b"-" + b"a" * 3 * MB, "a tag without an end"),
        (lambda: b"<x>" + b"".join(b"<a%d/>" % number for number in range(10_001)), "10000 different names"),
        (
            lambda: b"<x>" + b"".join(b'<a a%d=""/>' % number for number in range(10_001)),
            "10000 different names",
        ),
        (
            lambda: b"<x>" + b"".join(b'<a xmlns:a%d="u"/>' % number for number in range(10_001)),
            "10000 namespaces",
        ),
        (lambda: b"<x>" + ATTRIBUTES * 20_000, "more memory to read"),
        (lambda: b"<x>" + b"a" * 200 + TEXTS * 400_000, "more memory to read"),
    ],
    ids=[
        "elements",
        "depth",
        "attributes",
        "tag",
        "name",
        "text",
        "comment",
        "names of elements",
        "names of attributes",
        "namespaces",
        "memory of attributes",
        "memory of texts",
    ],
)
def test_too_much_of_anything_is_refused(write: Callable[[], bytes], why: str) -> None:
    with pytest.raises(Malformed, match=why):
        parse_xml(write())


@pytest.mark.parametrize("before", ["\n\n", "\ufeff", "\r\n\ufeff\n ", " \t\n"])
def test_blanks_and_a_byte_order_mark_before_the_xml_are_skipped(before: str) -> None:
    assert parse_xml((before + '<?xml version="1.0"?>' + GREETING).encode()).tag == "{DAV:}multistatus"


def test_a_doctype_in_an_encoding_that_hides_its_letters_is_refused() -> None:
    hidden = '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("cp037")

    with pytest.raises(Malformed):
        parse_xml(b'<?xml version="1.0" encoding="cp037"?>' + hidden)


def test_the_warnings_of_a_script_before_the_xml_are_shown() -> None:
    warning = "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/srv/dav.php</b> on line <b>3</b><br />\n"

    with pytest.raises(Malformed, match=r'begins with "Warning: Undefined variable \$x in /srv/dav\.php'):
        parse_xml((warning + '<?xml version="1.0"?>' + GREETING).encode())


def test_a_web_page_is_shown_by_its_first_words() -> None:
    page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Guest network</body></html>"

    with pytest.raises(Malformed, match=r'DOCTYPE.*begins with "Sign in Guest network"'):
        parse_xml(page.encode())


@pytest.mark.parametrize(
    "text",
    [
        "login failed with password wonderland-42",
        "PASSWORD=wonderland-42",
        '{"access_token": "wonderland-42"}',
        "Authorization: Basic wonderland-42",
        "see https://cloud.test/?token=wonderland-42",
        "session wonderland-42 of alice@example.com",
    ],
)
def test_first_words_hold_no_secret_and_nobody(text: str) -> None:
    words = first_words(text.encode())

    assert "wonderland" not in words
    assert "alice" not in words


def test_first_words_are_few_and_printable() -> None:
    words = first_words(b"\x1b[31mred\x00 \xff\xe2\x80\xae turned " + b"word " * 1_000)

    assert words.isprintable()
    assert len(words) <= 100
    assert words.startswith("[31mred")
