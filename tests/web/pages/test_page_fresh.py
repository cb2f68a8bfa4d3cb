"""
How fresh a calendar is: of several lists, the one that is behind most counts.
"""

from datetime import datetime, timedelta

from service.calendars.calendar import Calendar
from service.core.account_state import AccountState
from service.core.conference import Account
from service.core.state import State
from service.web.pages.meetings import find_list_moment
from tests.core.given import DESK, NOW, ROOM, SERVER

EARLIER = NOW - timedelta(hours=3)
ALL = Calendar("all", "TrueConf")


def state(*arrivals: tuple[Account, str, datetime | None]) -> State:
    return State(accounts={who: AccountState(who, list_at=at, source=source) for who, source, at in arrivals})


def test_a_calendar_of_an_account_is_as_fresh_as_its_list() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert find_list_moment(Calendar("x", "X", ROOM), known, ["lobby", "desk"]) == EARLIER


def test_a_calendar_of_all_is_as_fresh_as_the_source_that_is_behind() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert find_list_moment(ALL, known, ["lobby", "desk"]) == EARLIER


def test_a_source_that_the_settings_no_longer_name_does_not_count() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert find_list_moment(ALL, known, ["desk"]) == NOW
    assert find_list_moment(ALL, known, []) == NOW


def test_a_user_who_signed_out_of_an_endpoint_does_not_count() -> None:
    guest = Account("guest", SERVER)
    known = state((guest, "lobby", EARLIER), (ROOM, "lobby", NOW))

    assert find_list_moment(ALL, known, ["lobby"]) == NOW


def test_without_any_list_there_is_no_moment() -> None:
    assert find_list_moment(ALL, state((ROOM, "lobby", None)), ["lobby"]) is None
