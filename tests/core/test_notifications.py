"""
Messages to people: one when a trouble begins, one when it ends, none twice, and none about what is soon over.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.notifications import (
    MOST_WAITING,
    NotifyEvent,
    NotifyRules,
    NotifyState,
    Phase,
    advance,
    begin,
    follow,
    next_due,
    note_sent,
    recover,
)
from service.core.quiet import QuietHours, parse_quiet
from service.core.summary import add_digest, digest_since

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = NotifyRules(frozenset(NotifyEvent))


def entry(event: Happening, *, at: datetime = NOW, number: int = 1, uid: str = "") -> JournalEntry:
    fields = (FieldChange("uid", "", uid),) if uid else ()
    return JournalEntry(
        at,
        event,
        source="hall",
        account="hall@video.example.com",
        server="video.example.com",
        conference_id="100",
        target="cloud",
        calendar="all",
        fields=fields,
        number=number,
    )


def told(state: NotifyState) -> list[tuple[Phase, NotifyEvent | None]]:
    return [(message.phase, message.event) for message in state.outbox]


PAIRS = [
    (Happening.SOURCE_DOWN, Happening.SOURCE_UP, NotifyEvent.ROOM_SILENT),
    (Happening.LIST_HELD, Happening.LIST_KEPT, NotifyEvent.HELD),
    (Happening.LIST_HELD, Happening.LIST_APPROVED, NotifyEvent.HELD),
    (Happening.LIST_HELD, Happening.LIST_RELEASED, NotifyEvent.HELD),
    (Happening.TARGET_REFUSED, Happening.TARGET_RECOVERED, NotifyEvent.TARGET_INCOMPLETE),
    (Happening.DISPUTE_BEGAN, Happening.DISPUTE_ENDED, NotifyEvent.DISPUTE),
]


@pytest.mark.parametrize(("begins", "ends", "event"), PAIRS)
def test_a_trouble_is_told_when_it_begins_and_when_it_ends(
    begins: Happening, ends: Happening, event: NotifyEvent
) -> None:
    state = follow(NotifyState(), [entry(begins)], RULES)
    assert told(state) == []
    assert next_due(state, RULES) == NOW + RULES.after

    state = advance(state, RULES, NOW + RULES.after)
    assert told(state) == [(Phase.BEGAN, event)]
    assert next_due(state, RULES) is None

    state = follow(note_sent(state), [entry(ends, number=2)], RULES)
    assert told(state) == [(Phase.ENDED, event)]
    assert state.position == 2
    assert not state.troubles


@pytest.mark.parametrize(("begins", "ends", "event"), PAIRS)
def test_what_is_over_soon_is_not_told(begins: Happening, ends: Happening, event: NotifyEvent) -> None:
    del event
    both = [entry(begins), entry(ends, at=NOW + MINUTE, number=2)]

    state = advance(follow(NotifyState(), both, RULES), RULES, NOW + 10 * MINUTE)

    assert told(state) == []


def test_another_state_of_the_same_trouble_is_no_news() -> None:
    state = advance(follow(NotifyState(), [entry(Happening.SOURCE_DOWN)], RULES), RULES, NOW + 10 * MINUTE)
    again = [entry(Happening.SOURCE_DOWN, at=NOW + 11 * MINUTE, number=2)]
    state = advance(follow(note_sent(state), again, RULES), RULES, NOW + 30 * MINUTE)

    assert told(state) == []


def test_a_target_holds_everything_again_with_its_last_resource() -> None:
    parked = [entry(Happening.TARGET_PARKED, uid=uid, number=at) for at, uid in enumerate("abc", 1)]
    state = note_sent(advance(follow(NotifyState(), parked, RULES), RULES, NOW + 10 * MINUTE))
    published = [entry(Happening.TARGET_RECOVERED, uid=uid, number=at) for at, uid in enumerate("abc", 4)]

    state = follow(state, published[:2], RULES)
    assert told(state) == []
    assert told(follow(state, published[2:], RULES)) == [(Phase.ENDED, NotifyEvent.TARGET_INCOMPLETE)]


@pytest.mark.parametrize(
    ("happening", "event"),
    [
        (Happening.LOGIN_CHANGED, NotifyEvent.LOGIN_CHANGED),
        (Happening.LINK_ROTATED, NotifyEvent.LINK_ROTATED),
        (Happening.VERSION_CHANGED, NotifyEvent.VERSION_CHANGED),
    ],
)
def test_what_has_no_duration_is_told_at_once(happening: Happening, event: NotifyEvent) -> None:
    assert told(follow(NotifyState(), [entry(happening)], RULES)) == [(Phase.HAPPENED, event)]


def test_only_the_events_that_were_chosen_are_told() -> None:
    rules = NotifyRules(frozenset({NotifyEvent.HELD}), after=timedelta())
    happened = [entry(each, number=at) for at, each in enumerate(Happening, 1)]

    state = advance(follow(NotifyState(), happened[: happened.index(happened[-1])], rules), rules, NOW)

    assert {message.event for message in state.outbox} <= {NotifyEvent.HELD}


def test_after_a_crash_nobody_gets_a_message_twice() -> None:
    state = advance(follow(NotifyState(), [entry(Happening.LIST_HELD)], RULES), RULES, NOW + 10 * MINUTE)

    assert told(recover(replace(state, sending=True), {})) == []
    assert told(recover(state, {})) == [(Phase.BEGAN, NotifyEvent.HELD)]


def test_the_trouble_of_a_source_that_is_no_longer_set_is_over_without_a_word() -> None:
    state = follow(NotifyState(), [entry(Happening.SOURCE_DOWN), entry(Happening.LIST_HELD)], RULES)

    state = recover(state, {NotifyEvent.ROOM_SILENT: {"lobby"}})

    assert [trouble.event for trouble in state.troubles.values()] == [NotifyEvent.HELD]
    assert told(state) == []


def test_a_channel_that_does_not_work_keeps_the_newest_messages() -> None:
    many = [entry(Happening.LINK_ROTATED, number=number) for number in range(1, MOST_WAITING + 8)]

    state = follow(NotifyState(), many, RULES)

    assert len(state.outbox) == MOST_WAITING
    assert state.dropped == 7
    assert note_sent(state).dropped == 0


DIGEST = NotifyRules(digest=time(8), zone=ZoneInfo("Europe/Moscow"))


def test_a_digest_comes_once_a_day_after_its_hour() -> None:
    before, after = datetime(2026, 11, 26, 4, 59, tzinfo=UTC), datetime(2026, 11, 26, 5, tzinfo=UTC)
    state = begin(7, DIGEST, before)
    assert digest_since(state, DIGEST, before) is None

    since = digest_since(state, DIGEST, after)
    assert since == datetime(2026, 11, 25, 5, tzinfo=UTC)
    changed = [entry(Happening.CONFERENCE_ADDED), entry(Happening.CONFERENCE_ADDED)]
    state = add_digest(state, changed, DIGEST, since=since, now=after)

    assert [dict(message.numbers) for message in state.outbox] == [{"conference_added": 2, "open": 0}]
    assert digest_since(state, DIGEST, after + timedelta(hours=23)) is None
    assert digest_since(state, DIGEST, after + timedelta(hours=24)) is not None


def test_a_channel_that_is_new_in_the_afternoon_waits_for_the_next_morning() -> None:
    state = begin(0, DIGEST, NOW)

    assert digest_since(state, DIGEST, NOW + MINUTE) is None
    assert digest_since(state, DIGEST, NOW + timedelta(hours=20)) is not None


def test_a_digest_comes_once_a_day_where_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    rules = NotifyRules(digest=time(2, 30), zone=zone)
    state, digests = begin(0, rules, datetime(2026, 3, 26, 12, tzinfo=UTC)), 0
    for minutes in range(0, 5 * 24 * 60, 10):
        now = datetime(2026, 3, 26, 12, tzinfo=UTC) + minutes * MINUTE
        if since := digest_since(state, rules, now):
            state, digests = add_digest(state, [], rules, since=since, now=now), digests + 1

    assert digests == 5


@given(
    some.lists(some.tuples(some.sampled_from([*Happening]), some.integers(0, 20), some.sampled_from("abc")))
)
def test_no_beginning_and_no_end_is_told_twice_in_a_row(steps: list[tuple[Happening, int, str]]) -> None:
    state, now, numbers = NotifyState(), NOW, count(1)
    sent: dict[str, list[Phase]] = {}
    for happening, minutes, uid in steps:
        now += minutes * MINUTE
        state = follow(state, [entry(happening, at=now, number=next(numbers), uid=uid)], RULES)
        state = advance(state, RULES, now)
        for message in state.outbox:
            if message.phase is not Phase.HAPPENED:
                sent.setdefault(f"{message.event}{message.subject}", []).append(message.phase)
        state = note_sent(state)

    for phases in sent.values():
        assert phases == [(Phase.BEGAN, Phase.ENDED)[at % 2] for at in range(len(phases))]
        counted = Counter(phases)
        assert counted[Phase.BEGAN] - counted[Phase.ENDED] in {0, 1}


def test_a_room_that_is_switched_off_for_the_night_is_no_news() -> None:
    quiet = {"hall": QuietHours(parse_quiet("20:00-07:00"), "UTC")}
    rules = NotifyRules(frozenset(NotifyEvent), quiet=quiet)
    evening, morning = datetime(2026, 11, 26, 20, 1, tzinfo=UTC), datetime(2026, 11, 27, 7, 5, tzinfo=UTC)
    state = follow(NotifyState(), [entry(Happening.SOURCE_DOWN, at=evening)], rules)

    assert told(advance(state, rules, morning - MINUTE)) == []
    assert next_due(state, rules) == morning
    assert told(advance(state, rules, morning)) == [(Phase.BEGAN, NotifyEvent.ROOM_SILENT)]
