"""
Conferences to VEVENTs: ours against plain use of icalendar, in one run, to the same bytes.

    python -m bench.conversion [--count 10000]

10,000 conferences, seven in ten of them weekly, five people each, Cyrillic throughout. Ours does what a list
costs the daemon: content, fingerprint and bytes. Plain icalendar is handed the finished content and only
writes it down. The exit code is 1 where a floor is missed.
"""

import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import click
from icalendar import Event, vCategory, vUri

from bench._long_lists import NAMES, PEOPLE, SERVER, TOPICS
from service.core.account_state import Revision
from service.core.changes import RenderedVEvent
from service.core.conference import Conference, Invitation, Key
from service.core.ical import Heading, fingerprint, render_calendar, render_vevent
from service.core.schedule import Once, Schedule, Weekday, Weekly
from service.core.vevent import Rendering, VEvent, to_vevent
from service.core.weekly import WeeklyRules

LEAST_RATIO = 2.0
MOST_MEGABYTES = 100.0
ROUNDS = 3
WEEKLY_SHARE = 0.7
RENDERING = Rendering(WeeklyRules("Europe/Moscow"), people=True)
REVISION = Revision(3, datetime(2026, 10, 1, 8, tzinfo=UTC))


@click.command()
@click.option("--count", default=10_000, show_default=True, help="How many conferences.")
@click.option("--memory-only", is_flag=True, hidden=True)
def main(*, count: int, memory_only: bool) -> None:
    """Measure the conversion of conferences to iCalendar."""
    if memory_only:
        feed = render_calendar(Heading("bench", timezone="Europe/Moscow"), ours(conferences(count)))
        # Linux counts in KiB, macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
        click.echo(f"{peak} {len(feed)}")
        return
    sys.exit(0 if report(count) else 1)


def report(count: int) -> bool:
    """Print the table; whether every floor holds."""
    listed = conferences(count)
    contents = [content for c in listed if (content := to_vevent(_key(c), c, RENDERING))]
    # One warm round each, which is also the proof that both write the same.
    same = [v.body for v in ours(listed)] == [plain(content) for content in contents]
    fast = _best(lambda: ours(listed))
    slow = _best(lambda: [plain(content) for content in contents])
    peak, size = _peak(count)
    ratio = slow / fast
    rows = (
        ("conferences", f"{count:,}", ""),
        ("confcal, per second", f"{count / fast:,.0f}", ""),
        ("icalendar, per second", f"{count / slow:,.0f}", ""),
        ("same bytes", "yes" if same else "NO", _verdict(good=same)),
        ("ratio", f"{ratio:.1f}", f"{_verdict(good=ratio >= LEAST_RATIO)} (at least {LEAST_RATIO:.1f})"),
        ("feed, MB", f"{size / 1e6:.1f}", ""),
        (
            "peak memory, MB",
            f"{peak:.0f}",
            f"{_verdict(good=peak < MOST_MEGABYTES)} (under {MOST_MEGABYTES:.0f})",
        ),
    )
    for name, value, verdict in rows:
        click.echo(f"{name:<24}{value:>12}  {verdict}".rstrip())
    return same and ratio >= LEAST_RATIO and peak < MOST_MEGABYTES


def _verdict(*, good: bool) -> str:
    return "ok" if good else "MISSED"


def conferences(count: int) -> list[Conference]:
    """Return the same conferences on every machine."""
    chance = random.Random(20261001)  # noqa: S311 - samples, no secrets
    return [_conference(chance, number) for number in range(count)]


def _conference(chance: random.Random, number: int) -> Conference:
    start = datetime(2026, 9, 7, tzinfo=UTC) + timedelta(minutes=15 * chance.randrange(2000))
    duration = timedelta(minutes=chance.choice((30, 45, 60, 90)))
    schedule: Schedule = Once(start, duration)
    if chance.random() < WEEKLY_SHARE:
        days = frozenset(chance.sample(list(Weekday), chance.randint(1, 5)))
        schedule = Weekly(start, duration, days)
    return Conference(
        id=f"{7_412_580_000 + number}",
        topic=f"{chance.choice(TOPICS)} {number}",
        owner=f"brown{number % 40}@{SERVER}",
        schedule=schedule,
        mode=chance.choice(("PxP", "OxP", "S|L")),
        access=chance.choice(("private", "public")),
        created_at=datetime(2026, 9, 1, 8, tzinfo=UTC) + timedelta(seconds=number),
        invitations=tuple(
            Invitation(f"user{chance.randrange(900)}@{SERVER}", chance.choice(NAMES)) for _ in range(PEOPLE)
        ),
    )


def _key(conference: Conference) -> Key:
    return Key(SERVER, conference.id)


def ours(listed: list[Conference]) -> list[RenderedVEvent]:
    """Convert as `revise` does: content, fingerprint, bytes."""
    rendered = []
    for conference in listed:
        content = to_vevent(_key(conference), conference, RENDERING)
        if content:
            fingerprint(content)
            rendered.append(render_vevent(content, REVISION))
    return rendered


def plain(content: VEvent) -> bytes:
    """Write the same VEVENT with icalendar alone, the way its documentation shows."""
    event = Event()
    zone = ZoneInfo(content.tzid) if content.tzid else UTC
    event.add("uid", content.uid)
    event.add("dtstamp", REVISION.revised_at)
    event.add("last-modified", REVISION.revised_at)
    event.add("sequence", REVISION.sequence)
    event.add("summary", content.summary)
    event.add("dtstart", content.start.replace(tzinfo=zone))
    event.add("dtend", content.end.replace(tzinfo=zone))
    if content.byday:
        event.add("rrule", {"freq": "weekly", "byday": [day.name for day in content.byday]})
    event.add("categories", vCategory(list(content.categories)))
    link = vUri(content.join_url, params={"VALUE": "URI", "FEATURE": ["AUDIO", "VIDEO"], "LABEL": "TrueConf"})
    event.add("conference", link)
    event.add("created", content.created_at)
    event.add("description", content.description)
    event.add("location", content.join_url)
    event.add("status", "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("url", vUri(content.join_url))
    event.add("x-confcal-id", content.conference_id)
    return bytes(event.to_ical())


def _best(work: Callable[[], object]) -> float:
    """Return the shortest of some runs: the others were disturbed."""
    seconds = []
    for _ in range(ROUNDS):
        gc.collect()
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def _peak(count: int) -> tuple[float, int]:
    """Return the peak memory (MB) of a process of its own that renders the feed, and the feed's size."""
    command = [sys.executable, "-m", "bench.conversion", "--memory-only", "--count", str(count)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    peak, size = answer.stdout.split()
    return int(peak) / 1e6, int(size)


if __name__ == "__main__":
    main()
