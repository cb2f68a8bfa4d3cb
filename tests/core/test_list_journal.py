from dataclasses import replace
from datetime import timedelta

from service.core.conference import Account, Key, Snapshot
from service.core.consensus import Report
from service.core.disputes import Dispute
from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.list_journal import (
    compare,
    describe_approval,
    describe_disputes,
    describe_keeping,
    describe_list,
)
from service.core.revision import Policy, approve, keep, revise
from service.core.state import State
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed, once, weekly

POLICY = Policy()
HOUR = timedelta(hours=1)


def hear(state: State, snapshot: Snapshot) -> tuple[State, list[JournalEntry]]:
    changes = revise(state, snapshot, POLICY)
    return state.after(changes, snapshot, state.version + 1), describe_list(
        state, changes, snapshot.received_at
    )


def events(entries: list[JournalEntry]) -> list[tuple[Happening, str]]:
    return [(entry.event, entry.conference_id) for entry in entries]


def test_each_conference_of_a_first_list_is_told_below_a_heading_with_their_number() -> None:
    _, told = hear(State(), listed(conference("100"), conference("200")))

    assert events(told) == [
        (Happening.LIST_CHANGED, ""),
        (Happening.CONFERENCE_ADDED, "100"),
        (Happening.CONFERENCE_ADDED, "200"),
    ]
    assert told[0].fields == (FieldChange("added", "", "2"),)


def test_a_list_without_a_change_is_not_told() -> None:
    state, _ = hear(State(), listed(conference("100")))

    assert hear(state, listed(conference("100"), at=NOW + HOUR))[1] == []


def test_a_changed_conference_is_told_field_by_field() -> None:
    state, _ = hear(State(), listed(conference("100", topic="Plan")))

    _, told = hear(state, listed(conference("100", topic="Planning"), at=NOW + HOUR))

    assert events(told)[1:] == [(Happening.CONFERENCE_CHANGED, "100")]
    assert told[1].fields == (FieldChange("topic", "Plan", "Planning"),)


def test_an_account_that_is_invited_to_a_known_conference_has_it_added_and_nothing_changed() -> None:
    state, _ = hear(State(), listed(conference("100")))

    _, told = hear(state, listed(conference("100"), account=DESK, source="desk"))

    assert events(told)[1:] == [(Happening.CONFERENCE_ADDED, "100")]
    assert told[1].account == str(DESK)


def test_a_held_list_is_told_once_and_so_is_what_somebody_decides() -> None:
    state, _ = hear(State(), listed(*(conference(str(number)) for number in range(8))))
    state, held = hear(state, listed(at=NOW + HOUR))
    state, again = hear(state, listed(at=NOW + HOUR + timedelta(minutes=10)))

    assert events(held) == [(Happening.LIST_HELD, "")]
    assert held[0].fields == (FieldChange("missing", "", "8"), FieldChange("upcoming", "", "8"))
    assert again == []
    kept = keep(state, ROOM)
    assert kept is not None
    assert events(describe_keeping(kept, NOW)) == [(Happening.LIST_KEPT, "")]
    applied = approve(state, ROOM, POLICY, NOW + HOUR)
    assert applied is not None
    told = describe_approval(state, applied, NOW)
    assert told[0].event is Happening.LIST_APPROVED
    assert {entry.conference_id for entry in told[1:]} == {str(number) for number in range(8)}


def test_a_join_link_is_never_told() -> None:
    before, after = (
        conference("100"),
        replace(conference("100"), url="https://video.example.com/c/1?pw=secret"),
    )

    assert compare(before, after) == (FieldChange("link"),)


def test_a_schedule_is_told_in_words_without_a_language() -> None:
    names = {each.name for each in compare(conference(schedule=once()), conference(schedule=weekly()))}

    assert names >= {"schedule", "days"}


def test_a_dispute_is_told_with_all_who_report_when_it_begins_and_by_its_id_when_it_ends() -> None:
    dispute = Dispute(Key(SERVER, "100"), "Planning", DESK, (report(ROOM), report(DESK)))

    (began,) = describe_disputes([dispute], frozenset(), NOW)
    assert describe_disputes([dispute], {dispute.key}, NOW) == []
    (ended,) = describe_disputes([], {dispute.key}, NOW)

    assert (began.event, began.account, began.topic) == (Happening.DISPUTE_BEGAN, str(DESK), "Planning")
    assert [each.after for each in began.fields] == [str(ROOM), str(DESK)]
    assert (ended.event, ended.server, ended.conference_id) == (Happening.DISPUTE_ENDED, SERVER, "100")


def report(account: Account) -> Report:
    return Report(account, "lobby", conference("100"), NOW, NOW)
