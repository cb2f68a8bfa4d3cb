"""
Conferences and lists to start from, in the words of the tests.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from service.core.account_state import Revision
from service.core.conference import Account, Conference, Key, Listing, Snapshot
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.schedule import Once, Schedule, Unscheduled, Weekday, Weekly
from service.core.vevent import Rendering, to_vevent
from service.core.weekly import WeeklyRules

SERVER = "video.example.com"
ROOM = Account("lobby", SERVER)
DESK = Account("ivanov", SERVER)
NOW = datetime(2026, 10, 5, 8, tzinfo=UTC)
"""A Monday."""

REVISION = Revision(3, datetime(2026, 10, 1, 8, tzinfo=UTC))
HOUR = timedelta(hours=1)
MOSCOW = WeeklyRules("Europe/Moscow")


def at(text: str) -> datetime:
    """Return the instant that `2026-10-05 08:00` names in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """Return what a clock on the wall shows: a local time without its zone."""
    return datetime.fromisoformat(text)


def once(start: str = "2026-11-02 09:00", duration: timedelta = HOUR) -> Once:
    return Once(at(start), duration)


def weekly(start: str = "2026-10-05 07:00", *days: Weekday, duration: timedelta = HOUR) -> Weekly:
    return Weekly(at(start), duration, frozenset(days or (Weekday.MO,)))


def conference(id_: str = "100", topic: str = "Planning", schedule: Schedule | None = None) -> Conference:
    return Conference(id=id_, topic=topic, owner="brown", schedule=schedule or once())


def room(id_: str = "900") -> Conference:
    return conference(id_, "A virtual room", Unscheduled())


def many(count: int, schedule: Schedule | None = None) -> list[Conference]:
    return [conference(f"{number}", f"Topic {number}", schedule) for number in range(1, count + 1)]


def listed(
    *conferences: Conference,
    at: datetime = NOW,
    account: Account = ROOM,
    source: str = "lobby",
    doubts: Iterable[str] = (),
) -> Snapshot:
    """Return the list of an account as it arrived."""
    return Snapshot(account, source, at, Listing(tuple(conferences), (), tuple(doubts)))


def feed(*conferences: Conference, rendering: Rendering | None = None, timezone: str = "UTC") -> bytes:
    """Return the calendar of these conferences, as a feed serves it."""
    rendering = rendering or Rendering(MOSCOW)
    contents = (to_vevent(Key(SERVER, c.id), c, rendering) for c in conferences)
    vevents = [render_vevent(content, REVISION) for content in contents if content]
    return render_calendar(Heading("TrueConf", timezone=timezone), vevents)
