"""
Which conferences an account's calendar holds: those it listed on its own server, and closed parts.
"""

from datetime import UTC, datetime

from service.core.account_state import AccountState
from service.core.conference import Account, Conference, Key
from service.core.schedule import Unscheduled

ROOM = Account("room1", "video.example.com")
CLOSED = Key("video.example.com", "100", int(datetime(2026, 10, 5, 9, 0, tzinfo=UTC).timestamp()))
STAND_UP = Conference("100", "Stand-up", "brown", Unscheduled())


def test_an_account_holds_what_it_reported_on_its_own_server() -> None:
    known = AccountState(ROOM, reported={"100": STAND_UP})

    assert known.holds(Key("video.example.com", "100"))
    assert not known.holds(Key("video.example.com", "200"))
    assert not known.holds(Key("other.example.com", "100"))


def test_an_account_holds_the_closed_parts_that_it_keeps() -> None:
    known = AccountState(ROOM, reported={"100": STAND_UP}, closed=frozenset({CLOSED}))

    assert known.holds(CLOSED)
    assert not AccountState(ROOM, reported={"100": STAND_UP}).holds(CLOSED)
