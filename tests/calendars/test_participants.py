"""
The index of who takes part in what: it says the same as looking through everything.
"""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from service.calendars.participants import ParticipantIndex
from service.calendars.rules import Rule, fits
from service.core.account_state import Entry
from service.core.conference import Invitation, Key
from service.core.shared_map import SharedMap
from tests.core.given import REVISION, SERVER, conference

PEOPLE = st.sampled_from(["ivanov", "brown", "petrov@other.example", "Ivanov@video.example.com", "lobby/1"])


def entry(id_: str, *invited: str, owner: str = "brown") -> Entry:
    invitations = tuple(Invitation(each, each.title()) for each in invited)
    known = replace(conference(id_), owner=owner, invitations=invitations)
    return Entry(Key(SERVER, id_), known, REVISION, b"", "lobby")


def entries(*several: Entry) -> SharedMap[Key, Entry]:
    return SharedMap({each.key: each for each in several})


def ids(participants: ParticipantIndex, *people: str) -> list[str]:
    return [key.id for key in participants.keys_of(people)]


def test_people_are_found_by_full_and_by_bare_id() -> None:
    participants = ParticipantIndex().after(entries(entry("1", "ivanov"), entry("2", "ivanov@other.example")))

    assert ids(participants, f"ivanov@{SERVER}") == ["1"]
    assert ids(participants, "ivanov") == ["1", "2"]
    assert ids(participants, "brown", "ivanov") == ["1", "2"]
    assert ids(participants, "nobody") == []


def test_owners_who_are_never_invited_are_known_but_not_among_the_invited() -> None:
    participants = ParticipantIndex().after(entries(entry("1", "ivanov")))

    assert participants.invited == {f"ivanov@{SERVER}"}
    assert ids(participants, f"brown@{SERVER}") == ["1"]


def test_the_same_entries_give_the_same_roster() -> None:
    first = ParticipantIndex().after(entries(entry("1", "ivanov")))

    assert first.after(first.entries) is first
    # A change that invites nobody new leaves the set as it is: it is compared by identity.
    renewed = first.after(first.entries.replace(entries(entry("1", "ivanov", owner="petrov"))))
    assert renewed.invited is first.invited


def test_whoever_was_invited_once_keeps_a_calendar() -> None:
    participants = ParticipantIndex().after(entries(entry("1", "ivanov"))).after(entries(entry("1")))

    assert participants.invited == {f"ivanov@{SERVER}"}
    assert ids(participants, "ivanov") == []


def test_an_id_that_cannot_name_a_calendar_gets_none() -> None:
    hostile = ("", "@server", "a\x00b", "x" * 300, "\u202eabc")

    assert ParticipantIndex().after(entries(entry("1", *hostile, "ivanov"))).invited == {f"ivanov@{SERVER}"}


@given(st.lists(st.dictionaries(st.sampled_from("123"), st.lists(PEOPLE, max_size=3)), max_size=4))
def test_after_any_changes_it_says_what_the_rule_says(steps: list[dict[str, list[str]]]) -> None:
    participants = ParticipantIndex()
    for step in steps:
        known = entries(*(entry(id_, *invited) for id_, invited in step.items()))
        participants = participants.after(known)
        for person in ("ivanov", "brown", "petrov@other.example", f"ivanov@{SERVER}"):
            fitting = {e.key for e in known.values() if fits(Rule(participants=frozenset({person})), e)}
            assert set(participants.keys_of([person])) == fitting
