"""
Calendars by rule and of people.
"""

from dataclasses import replace

from service.calendars.calendar import Calendar, calendars_of, entries_of
from service.calendars.participants import ParticipantIndex
from service.calendars.rules import Rule
from service.core.conference import Account, Conference, Invitation
from service.core.revision import Policy, revise
from service.core.state import State
from tests.core.given import DESK, ROOM, SERVER, conference, listed

IVANOV = f"ivanov@{SERVER}"
PETROV = f"petrov@{SERVER}"
BOARD = Calendar("board", "Board", rule=Rule(topics=frozenset({"board*"})))


def invited(id_: str, *people: str, topic: str = "Planning") -> Conference:
    return replace(conference(id_, topic), invitations=tuple(Invitation(p, p) for p in people))


def state_of(**lists: list[Conference]) -> State:
    state = State()
    for number, (peer, conferences) in enumerate(lists.items(), start=1):
        snapshot = listed(*conferences, account=Account(peer, SERVER))
        state = state.after(revise(state, snapshot, Policy()), snapshot, number)
    return state


def ids(calendar: Calendar, state: State, participants: ParticipantIndex | None = None) -> list[str]:
    return sorted(entry.key.id for entry in entries_of(calendar, state, participants))


def test_named_calendars_stand_behind_all_and_before_accounts_and_people() -> None:
    calendars = calendars_of([ROOM], "full-en", named=[BOARD], people={PETROV, IVANOV})

    assert list(calendars) == ["all", "board", str(ROOM), IVANOV, PETROV]
    assert calendars[IVANOV].title == f"TrueConf: {IVANOV}"
    assert calendars[IVANOV].person == IVANOV


def test_of_an_account_and_a_person_of_one_name_the_account_has_the_calendar() -> None:
    account = Account("Ivanov", SERVER)

    calendars = calendars_of([account], "full-en", people={IVANOV})

    assert list(calendars) == ["all", f"Ivanov@{SERVER}"]
    assert calendars[f"Ivanov@{SERVER}"].account == account


def test_a_ruled_calendar_holds_what_fits_from_all_accounts_once() -> None:
    both = invited("2", topic="Board meeting")
    state = state_of(lobby=[invited("1"), both], ivanov=[both, invited("3", topic="Board dinner")])

    assert ids(BOARD, state) == ["2", "3"]


def test_a_rule_on_accounts_takes_their_lists_only() -> None:
    state = state_of(lobby=[invited("1")], ivanov=[invited("2")])
    calendar = replace(BOARD, rule=Rule(accounts=frozenset({str(DESK)})))

    assert ids(calendar, state) == ["2"]


def test_a_person_has_what_the_person_is_invited_to_and_owns() -> None:
    owned = replace(conference("4"), owner="ivanov")
    others = [invited("1", "ivanov"), invited("2", "petrov"), invited("3", "ivanov", "petrov")]
    state = state_of(lobby=[*others, owned])
    participants = ParticipantIndex().after(state.entries)
    person = calendars_of([], "full-en", people={IVANOV})[IVANOV]

    assert ids(person, state, participants) == ids(person, state) == ["1", "3", "4"]


def test_what_left_every_list_left_the_persons_calendar_too() -> None:
    state = state_of(lobby=[invited("1", "ivanov"), invited("2", "ivanov")])
    known = state.account(ROOM)
    left = {id_: each for id_, each in known.reported.items() if id_ != "1"}
    state = state.replace_accounts([replace(known, reported=left)])
    person = calendars_of([], "full-en", people={IVANOV})[IVANOV]

    assert ids(person, state, ParticipantIndex().after(state.entries)) == ids(person, state) == ["2"]
