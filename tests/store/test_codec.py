"""
Conferences and the bytes they are stored as.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.conference import Conference, Invitation
from service.core.schedule import Once, Unscheduled, Weekday, Weekly
from service.store.codec import decode, decode_ids, encode, encode_ids

moments = st.datetimes(timezones=st.just(UTC))
durations = st.timedeltas(timedelta(seconds=1), timedelta(days=3650))
schedules = st.one_of(
    st.just(Unscheduled()),
    st.builds(Once, moments, durations),
    st.builds(Weekly, moments, durations, st.frozensets(st.sampled_from(Weekday), min_size=1)),
)
conferences = st.builds(
    Conference,
    id=st.text(min_size=1),
    topic=st.text(),
    owner=st.text(),
    schedule=schedules,
    mode=st.text(),
    access=st.text(),
    created_at=st.none() | moments,
    invitations=st.lists(st.builds(Invitation, st.text(), st.text()), max_size=5).map(tuple),
    url=st.none() | st.text(),
    state=st.text(),
    session_id=st.text(),
)

ONCE = Conference(
    id="100",
    topic="Planning",
    owner="brown",
    schedule=Once(datetime(2026, 3, 2, 12, tzinfo=UTC), timedelta(minutes=45)),
)


@given(conferences)
def test_what_is_encoded_is_decoded(conference: Conference) -> None:
    decoded = decode(encode(conference))

    assert decoded == conference
    assert decoded.state == decoded.session_id == ""


@given(conferences, conferences)
def test_bytes_are_equal_where_conferences_are(one: Conference, other: Conference) -> None:
    assert (encode(one) == encode(other)) == (one == other)
    assert encode(one) == encode(replace(one, state="running", session_id="7"))


@given(st.frozensets(st.sampled_from(Weekday), min_size=1))
def test_the_order_of_days_leaves_no_trace(days: frozenset[Weekday]) -> None:
    weekly = Weekly(datetime(2026, 3, 2, tzinfo=UTC), timedelta(hours=1), days)
    again = replace(weekly, days=frozenset(sorted(days, reverse=True)))

    assert encode(replace(ONCE, schedule=weekly)) == encode(replace(ONCE, schedule=again))
    assert all(isinstance(day, Weekday) for day in _days(decode(encode(replace(ONCE, schedule=weekly)))))


def _days(conference: Conference) -> frozenset[Weekday]:
    assert isinstance(conference.schedule, Weekly)
    return conference.schedule.days


def test_one_instant_in_two_zones_is_one_sequence_of_bytes() -> None:
    moscow = datetime(2026, 3, 2, 15, tzinfo=timezone(timedelta(hours=3)))

    assert encode(replace(ONCE, created_at=moscow)) == encode(
        replace(ONCE, created_at=datetime(2026, 3, 2, 12, tzinfo=UTC))
    )


def test_the_stored_form_of_the_first_release_is_read() -> None:
    # Every database holds this form: where the assertion fails, old bytes must still be decoded.
    stored = bytes.fromhex(
        "99a3313030a8506c616e6e696e67a562726f776e9301d6ff69a57bc0a750543237303053a0a0c090c0"
    )

    assert decode(stored) == ONCE
    assert encode(ONCE) == stored


def test_the_form_of_a_newer_release_with_a_field_more_is_read() -> None:
    fields = msgspec.msgpack.decode(encode(ONCE))

    assert decode(msgspec.msgpack.encode([*fields, "new"])) == ONCE


@pytest.mark.parametrize("damaged", [b"", b"\x99", b"\xc0", b"not msgpack"])
def test_damaged_bytes_are_an_error(damaged: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(damaged)


@given(st.frozensets(st.text()))
def test_ids_are_kept_in_one_form(ids: frozenset[str]) -> None:
    assert decode_ids(encode_ids(ids)) == ids
    assert encode_ids(ids) == encode_ids(sorted(ids, reverse=True))
