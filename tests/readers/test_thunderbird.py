"""
Thunderbird subscribes to a feed as a subscriber chose it, and keeps its events with their reminders.

A real one under Xvfb, with a profile of its own (Debian: apt-get install thunderbird xvfb).
"""

import asyncio
import os
import shutil
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from tests.browser.site import Site, running_site
from tests.reaching import reach
from tests.tools import missing

pytestmark = pytest.mark.thorough

PROGRAMS = ("thunderbird", "xvfb-run")
WAIT_SECONDS = 120
LOOK_SECONDS = 0.5
CALENDAR = "5d3c2f1e-0000-4000-8000-000000000001"
PREFERENCES = {
    "app.update.enabled": False,
    "calendar.list.sortOrder": CALENDAR,
    f"calendar.registry.{CALENDAR}.cache.enabled": True,
    f"calendar.registry.{CALENDAR}.name": "confcal",
    f"calendar.registry.{CALENDAR}.type": "ics",
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.shell.checkDefaultClient": False,
    "mailnews.start_page.enabled": False,
}


@pytest.fixture(autouse=True)
def programs() -> None:
    """Leave the test out, loudly, where Thunderbird is not installed."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent:
        missing(
            f"{', '.join(absent)} is missing (apt-get install thunderbird xvfb): Thunderbird read NO feed"
        )


@asynccontextmanager
async def thunderbird(profile: Path, feed_url: str) -> AsyncIterator[None]:
    """Run Thunderbird with a profile that subscribes to one feed."""
    preferences = {**PREFERENCES, f"calendar.registry.{CALENDAR}.uri": feed_url}
    lines = [f"user_pref({_quote(name)}, {_quote(value)});\n" for name, value in preferences.items()]
    (profile / "user.js").write_text("".join(lines), "utf-8")
    process = await asyncio.create_subprocess_exec(
        *("xvfb-run", "--auto-servernum", "thunderbird", "--no-remote", "--profile", str(profile)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={"HOME": str(profile), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
    )
    try:
        yield
    finally:
        # The program, its children and the display are one session of their own.
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _quote(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def kept(profile: Path, copy: Path) -> tuple[dict[str, str], list[str]]:
    """Return titles by id, and the reminders, that Thunderbird has kept so far."""
    copy.mkdir(exist_ok=True)
    # Thunderbird locks the database as long as it runs.
    for file in (profile / "calendar-data").glob("cache.sqlite*"):
        shutil.copy(file, copy)
    if not (copy / "cache.sqlite").exists():
        return {}, []
    try:
        with closing(sqlite3.connect(copy / "cache.sqlite")) as connection:
            events = dict(connection.execute("SELECT id, title FROM cal_events").fetchall())
            return events, [text for (text,) in connection.execute("SELECT icalString FROM cal_alarms")]
    except sqlite3.Error:
        # It was copied in the midst of a change.
        return {}, []


async def read(profile: Path, site: Site, query: str) -> tuple[dict[str, str], list[str]]:
    """Return what Thunderbird keeps of a feed."""
    token = site.feeds.addresses.tokens["all"]
    expected = len((await site.feeds.feed("all")).body.split(b"BEGIN:VEVENT")) - 1
    async with thunderbird(profile, f"{site.url}/feeds/{token}/all.ics{query}"):
        await reach(
            lambda: len(kept(profile, profile / "copy")[0]) >= expected, WAIT_SECONDS, pause=LOOK_SECONDS
        )
        return kept(profile, profile / "copy")


async def test_thunderbird_keeps_every_event_and_its_reminder(tmp_path: Path) -> None:
    async with running_site() as site:
        titles, alarms = await read(tmp_path, site, "?reminder=15&free=1")

    assert "Планёрка отдела продаж" in titles.values()
    assert len(alarms) == len(titles)
    assert all("TRIGGER:-PT15M" in alarm for alarm in alarms)


async def test_thunderbird_sees_no_reminder_where_none_was_chosen(tmp_path: Path) -> None:
    async with running_site() as site:
        titles, alarms = await read(tmp_path, site, "")

    assert titles
    assert alarms == []
