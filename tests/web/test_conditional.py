from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from service.web.conditional import not_modified

CHANGED_AT = datetime(2026, 10, 5, 8, tzinfo=UTC)
ETAG = b'"0123456789abcdef"'

DATE_PARTS = st.sampled_from(
    [
        "Mon,",
        "05",
        "Oct",
        "2026",
        "08:00:00",
        "GMT",
        "+0000",
        "-9999",
        "99",
        "0",
        ":",
        ",",
        "(",
        "60:60:60",
        "",
    ]
)
"""What a client may make a date from: nearly dates are what parsers stumble over."""


def asked(if_none_match: bytes | None, if_modified_since: bytes | None) -> bool:
    return not_modified(if_none_match, if_modified_since, etag=ETAG, changed_at=CHANGED_AT)


@given(st.binary())
def test_no_tag_is_an_error(value: bytes) -> None:
    assert isinstance(asked(value, None), bool)


@given(st.one_of(st.binary(), st.lists(DATE_PARTS, max_size=8).map(" ".join).map(str.encode)))
def test_no_date_is_an_error(value: bytes) -> None:
    assert isinstance(asked(None, value), bool)


@given(st.lists(st.sampled_from([b'"a"', b'W/"b,"', b'""', ETAG, b"W/" + ETAG]), min_size=1))
def test_a_list_matches_when_one_of_its_tags_does(tags: list[bytes]) -> None:
    assert asked(b", ".join(tags), None) == any(tag.endswith(ETAG) for tag in tags)


def test_an_unconditional_request_is_answered_in_full() -> None:
    assert not asked(None, None)
