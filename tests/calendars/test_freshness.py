"""
How current a calendar is: of several sources, the one that is behind most counts; each silent one is named.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from service.calendars.calendar import Calendar, entries_of
from service.calendars.freshness import Freshness, SilentSource, judge_freshness
from service.calendars.rules import Rule
from service.core.account_state import AccountState, Entry
from service.core.conference import Account, Conference, Key
from service.core.quiet import QuietHours, parse_quiet
from service.core.shared_map import SharedMap
from service.core.state import State
from tests.core.given import DESK, NOW, REVISION, ROOM, SERVER, conference

MINUTE = timedelta(minutes=1)
EARLIER = NOW - timedelta(hours=3)
ALL = Calendar("all", "TrueConf")
PLANS, BUDGET = conference("1", "Plans"), conference("2", "Budget")
BOARD = Calendar("board", "Board", rule=Rule(topics=frozenset({"budget"})))
ALWAYS = QuietHours()
BOTH = {"lobby": ALWAYS, "desk": ALWAYS}

Heard = tuple[Account, str, datetime | None, Iterable[Conference]]


def state(*heard: Heard) -> State:
    accounts: dict[Account, AccountState] = {}
    entries: dict[Key, Entry] = {}
    for who, source, moment, conferences in heard:
        reported = {each.id: each for each in conferences}
        accounts[who] = AccountState(who, reported, list_at=moment, source=source)
        entries |= {
            Key(SERVER, id_): Entry(Key(SERVER, id_), each, REVISION, b"x", source)
            for id_, each in reported.items()
        }
    return State(entries=SharedMap(entries)).replace_accounts(accounts.values())


def judge(
    calendar: Calendar, known: State, quiet: Mapping[str, QuietHours] = BOTH, now: datetime = NOW
) -> Freshness:
    return judge_freshness(calendar, list(entries_of(calendar, known)), known, quiet, now)


def test_a_calendar_of_an_account_is_as_fresh_as_its_list() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS]), (DESK, "desk", NOW, [BUDGET]))

    assert judge(Calendar("x", "X", ROOM), known) == Freshness(EARLIER, (SilentSource("lobby", EARLIER),))
    assert judge(Calendar("x", "X", DESK), known) == Freshness(NOW)


def test_a_calendar_of_all_is_as_fresh_as_the_source_that_is_behind() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS]), (DESK, "desk", NOW, [BUDGET]))

    assert judge(ALL, known) == Freshness(EARLIER, (SilentSource("lobby", EARLIER),))


def test_a_calendar_that_holds_nothing_of_a_silent_source_does_not_mention_it() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS]), (DESK, "desk", NOW, [BUDGET]))

    assert judge(BOARD, known) == Freshness(NOW)


def test_a_conference_that_a_silent_source_lists_too_is_something_of_it() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS, BUDGET]), (DESK, "desk", NOW, [BUDGET]))

    assert judge(BOARD, known) == Freshness(EARLIER, (SilentSource("lobby", EARLIER),))


def test_a_calendar_without_conferences_names_nobody() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS]), (DESK, "desk", NOW, []))

    assert judge(BOARD, known) == Freshness(EARLIER)


def test_a_source_that_the_settings_no_longer_name_does_not_count() -> None:
    known = state((ROOM, "lobby", EARLIER, [PLANS]), (DESK, "desk", NOW, [BUDGET]))

    assert judge(ALL, known, {"desk": ALWAYS}) == Freshness(NOW)
    assert judge(ALL, known, {}) == Freshness(NOW)


def test_a_user_who_signed_out_of_an_endpoint_does_not_count() -> None:
    guest = Account("guest", SERVER)
    known = state((guest, "lobby", EARLIER, [PLANS]), (ROOM, "lobby", NOW, [BUDGET]))

    assert judge(ALL, known) == Freshness(NOW)


def test_without_any_list_there_is_no_moment() -> None:
    assert judge(ALL, state((ROOM, "lobby", None, []))) == Freshness(None)


def test_silence_is_told_after_more_than_half_an_hour_the_longest_first() -> None:
    known = state((ROOM, "lobby", NOW, [PLANS]), (DESK, "desk", NOW - MINUTE, [BUDGET]))

    assert judge(ALL, known, now=NOW + 29 * MINUTE).silences == ()
    assert judge(ALL, known, now=NOW + 30 * MINUTE).silences == (SilentSource("desk", NOW - MINUTE),)
    assert judge(ALL, known, now=NOW + 31 * MINUTE).silences == (
        SilentSource("desk", NOW - MINUTE),
        SilentSource("lobby", NOW),
    )


def test_silence_that_begins_in_quiet_hours_is_no_news_until_they_are_over() -> None:
    known = state((ROOM, "lobby", NOW, [PLANS]))
    quiet = {"lobby": QuietHours(parse_quiet("08:00-12:00"), "UTC")}

    assert judge(ALL, known, quiet, NOW + timedelta(hours=4, minutes=30)).silences == ()
    assert judge(ALL, known, quiet, NOW + timedelta(hours=4, minutes=31)).silences == (
        SilentSource("lobby", NOW),
    )
