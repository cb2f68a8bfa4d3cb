"""
People are called by the names that the conferences they are invited to have for them.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.calendars.names import Names
from service.core.account_state import Entry, Revision
from service.core.conference import Invitation, Key
from service.core.schedule import Once
from service.core.shared_map import SharedMap
from tests.core.given import NOW, SERVER, conference

ANNA = f"anna@{SERVER}"
DAY = timedelta(days=1)


def entry(id_: str, *invited: tuple[str, str], day: int = 0, revised: int = 0, part: int = 0) -> Entry:
    meeting = replace(
        conference(id_),
        schedule=Once(NOW + day * DAY, timedelta(hours=1)),
        invitations=tuple(Invitation(*each) for each in invited),
    )
    return Entry(Key(SERVER, id_, part), meeting, Revision(0, NOW + revised * DAY), b"", "lobby")


def entries(*several: Entry) -> SharedMap[Key, Entry]:
    return SharedMap({each.key: each for each in several})


def test_a_person_is_found_by_any_spelling_of_the_id() -> None:
    names = Names(entries(entry("1", ("anna", "Anna Petrova"))))

    assert names.find(ANNA) == "Anna Petrova"
    assert names.find("Anna", SERVER) == "Anna Petrova"
    assert names.find(f"anna@{SERVER}/room") == "Anna Petrova"
    assert names.find("anna@other.example") == "anna@other.example"
    assert names.find("anna") == "anna"
    assert names.find("") == ""
    assert names.describe(ANNA) == f"Anna Petrova ({ANNA})"


def test_the_latest_meeting_has_the_name_of_somebody_renamed() -> None:
    old, new = entry("1", ("anna", "Anna Old"), day=1, revised=3), entry("2", ("anna", "Anna New"), day=2)
    closed = entry("3", ("anna", "Anna Older"), day=9, part=1)
    nameless = entry("4", ("anna", " "), day=8)

    assert Names(entries(old, new, closed, nameless)).find(ANNA) == "Anna New"


def test_a_conference_that_renames_somebody_is_followed() -> None:
    before = entries(entry("1", ("anna", "Anna Old")), entry("2"))
    names = Names(before)
    names.follow(before.replace({Key(SERVER, "1"): entry("1", ("anna", "Anna New"), day=-1)}))

    assert names.find(ANNA) == "Anna New"


def test_whoever_was_in_a_purged_conference_alone_is_forgotten_with_it() -> None:
    before = entries(entry("1", ("anna", "Anna Petrova"), ("boris", "Boris")), entry("2", ("boris", "Boris")))
    names = Names(before)
    names.follow(before.replace({}, [Key(SERVER, "1")]))

    assert names.find(ANNA) == ANNA
    assert names.find("boris", SERVER) == "Boris"


def test_who_is_invited_no_more_keeps_the_name_for_now() -> None:
    before = entries(entry("1", ("anna", "Anna")))
    names = Names(before)
    names.follow(before.replace({Key(SERVER, "1"): entry("1")}))

    assert names.find(ANNA) == "Anna"


@given(st.permutations([entry(str(n), ("anna", f"Anna {n}"), day=n % 2, revised=n % 3) for n in range(6)]))
def test_the_order_of_arrival_does_not_matter(several: list[Entry]) -> None:
    names, known = Names(), entries()
    for each in several:
        known = known.replace({each.key: each})
        names.follow(known)

    assert names.find(ANNA) == "Anna 5"
