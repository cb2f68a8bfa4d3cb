"""
How fresh a calendar is: of several lists, the one that is behind most counts, and silence is told by source.
"""

from datetime import datetime, timedelta

from service.calendars.calendar import Calendar
from service.calendars.freshness import Silence, judge_freshness
from service.core.account_state import AccountState, Entry
from service.core.conference import Account, Key
from service.core.quiet import QuietHours, parse_quiet
from service.core.state import State
from tests.core.given import DESK, NOW, REVISION, ROOM, SERVER, conference

EARLIER = NOW - timedelta(hours=3)
ALL = Calendar("all", "TrueConf")
ALWAYS = QuietHours()


def state(*arrivals: tuple[Account, str, datetime | None], holding: str = "") -> State:
    accounts = {}
    for number, (who, source, at) in enumerate(arrivals, 1):
        reported = {str(number): conference(str(number))} if source == holding else {}
        accounts[who] = AccountState(who, list_at=at, source=source, reported=reported)
    return State(accounts=accounts)


def entry(id_: str) -> Entry:
    return Entry(Key(SERVER, id_), conference(id_), REVISION, b"", "lobby")


def moment(calendar: Calendar, known: State, sources: list[str]) -> datetime | None:
    return judge_freshness(calendar, (), known, dict.fromkeys(sources, ALWAYS), NOW).listed_at


def test_a_calendar_of_an_account_is_as_fresh_as_its_list() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert moment(Calendar("x", "X", ROOM), known, ["lobby", "desk"]) == EARLIER


def test_a_calendar_of_all_is_as_fresh_as_the_source_that_is_behind() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert moment(ALL, known, ["lobby", "desk"]) == EARLIER


def test_a_source_that_the_settings_no_longer_name_does_not_count() -> None:
    known = state((ROOM, "lobby", EARLIER), (DESK, "desk", NOW))

    assert moment(ALL, known, ["desk"]) == NOW
    assert moment(ALL, known, []) == EARLIER


def test_a_user_who_signed_out_of_an_endpoint_does_not_count() -> None:
    guest = Account("guest", SERVER)
    known = state((guest, "lobby", EARLIER), (ROOM, "lobby", NOW))

    assert moment(ALL, known, ["lobby"]) == NOW


def test_without_any_list_there_is_no_moment() -> None:
    assert moment(ALL, state((ROOM, "lobby", None)), ["lobby"]) is None


def test_only_the_source_that_holds_something_of_a_calendar_is_told() -> None:
    quiet = {"lobby": ALWAYS, "desk": ALWAYS}
    arrivals = (ROOM, "lobby", EARLIER), (DESK, "desk", EARLIER)

    def silences(holding: str, id_: str) -> tuple[Silence, ...]:
        return judge_freshness(ALL, (entry(id_),), state(*arrivals, holding=holding), quiet, NOW).silences

    assert silences("lobby", "1") == (Silence("lobby", EARLIER),)
    assert silences("desk", "2") == (Silence("desk", EARLIER),)


def test_silence_in_quiet_hours_is_not_told() -> None:
    quiet = {"lobby": QuietHours(parse_quiet("03:00-09:00"), "UTC")}

    assert judge_freshness(ALL, (), state((ROOM, "lobby", EARLIER)), quiet, NOW).silences == ()
    later = NOW + timedelta(hours=2)
    assert judge_freshness(ALL, (), state((ROOM, "lobby", EARLIER)), quiet, later).silences == (
        Silence("lobby", EARLIER),
    )
