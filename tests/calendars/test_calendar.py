from datetime import timedelta

from service.calendars.calendar import ALL, calendars_of, entries_of, holds
from service.core.conference import Account, Key, Snapshot
from service.core.revision import Policy, revise
from service.core.state import State
from tests.core.given import DESK, NOW, ROOM, SERVER, conference, listed, room

ELSEWHERE = Account("lobby", "other.example.com")


def state_after(*snapshots: Snapshot) -> State:
    state = State()
    for number, snapshot in enumerate(snapshots, start=1):
        state = state.after(revise(state, snapshot, Policy()), snapshot, number)
    return state


def ids(calendar: str, state: State) -> list[str]:
    entries = entries_of(calendars_of(state.accounts, "full-en")[calendar], state)
    return sorted(f"{entry.key.id}@{entry.key.server}" for entry in entries)


def test_there_is_a_calendar_of_all_even_before_any_account() -> None:
    (only,) = calendars_of([], "full-en").values()

    assert (only.name, only.title, only.account) == (ALL, "TrueConf", None)


def test_there_is_one_for_each_account_named_by_it() -> None:
    calendars = calendars_of([ROOM, DESK], "full-ru")

    assert list(calendars) == ["all", f"ivanov@{SERVER}", f"lobby@{SERVER}"]
    assert calendars[str(DESK)].title == f"TrueConf: {DESK}"
    assert {calendar.variant for calendar in calendars.values()} == {"full-ru"}


def test_a_calendar_of_an_account_holds_what_it_reported() -> None:
    state = state_after(listed(conference("1"), conference("2")), listed(conference("2"), account=DESK))

    assert ids(str(ROOM), state) == [f"1@{SERVER}", f"2@{SERVER}"]
    assert ids(str(DESK), state) == [f"2@{SERVER}"]


def test_a_conference_in_several_accounts_is_one_entry_of_all() -> None:
    state = state_after(listed(conference("1")), listed(conference("1"), account=DESK))

    assert ids(ALL, state) == [f"1@{SERVER}"]


def test_the_same_id_on_two_servers_is_two_conferences() -> None:
    state = state_after(listed(conference("1")), listed(conference("1"), account=ELSEWHERE))

    assert ids(ALL, state) == ["1@other.example.com", f"1@{SERVER}"]


def test_those_without_a_schedule_are_entries_too() -> None:
    assert ids(ALL, state_after(listed(room("9")))) == [f"9@{SERVER}"]


def test_what_left_every_account_is_in_no_calendar() -> None:
    ended = conference("1")
    later = NOW + timedelta(minutes=20)
    state = state_after(
        listed(ended, conference("2")),
        listed(conference("2"), at=NOW + timedelta(minutes=1)),
        listed(conference("2"), at=later),
    )

    assert ids(ALL, state) == [f"2@{SERVER}"]
    assert ids(str(ROOM), state) == [f"2@{SERVER}"]


def test_a_calendar_is_asked_about_one_conference_and_says_what_all_of_its_entries_say() -> None:
    state = state_after(
        listed(conference("1"), room("9")), listed(conference("1"), conference("2"), account=DESK)
    )

    for calendar in calendars_of(state.accounts, "full-en").values():
        held = {entry.key for entry in entries_of(calendar, state)}
        assert {key for key in state.entries if holds(calendar, state, key)} == held
    assert not holds(calendars_of([], "full-en")[ALL], state, Key(SERVER, "of nobody"))
