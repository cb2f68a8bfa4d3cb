"""
The administrator's site: everything that a dashboard can show, on a real socket.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from playwright.async_api import Page

from service.core.conference import Account, Conference, Invitation, Listing, Rejection, Snapshot
from service.core.exposure import Exposure
from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.sources.status import SourceStatus
from service.web.schemas import ParkedView, TargetView
from tests.browser.conferences import HARMFUL, NOW, RICH
from tests.browser.site import serving
from tests.core.given import many
from tests.web.administered import TOKEN, Administered, administered

LOBBY = Account("lobby", "video.example.com")
DESK = Account("ivanov", "video.example.com")
"""Whose list shrinks."""

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SETTINGS = {
    "TIMEZONE": "Europe/Moscow",
    "CALENDARS_FOR_PEOPLE": "true",
    "CALENDARS__BOARD__TITLE": "Правление",
    "CALENDARS__BOARD__TOPIC": "*акционер*,*budget*,*бюджет*",
    "CALENDARS__FREEBUSY__REDACT": "busy",
    "SOURCES__LOBBY__URL": "ws://10.0.0.15:8765",
    "SOURCES__DESK__URL": "ws://10.0.0.16:8765",
}
TARGETS = [
    TargetView("nextcloud", TargetState.IN_STEP, "all", 0, NOW - MINUTE, 2.4),
    TargetView(
        "radicale",
        TargetState.DOWN,
        "board",
        3,
        NOW - 20 * MINUTE,
        41.0,
        "dav.example.com answers 503; it is asked again in 5 minutes",
        (ParkedView("5b1f", "403: the collection does not take events without an organizer", NOW),),
    ),
]


@dataclass
class Admin:
    """
    A running server with its parts.
    """

    url: str
    parts: Administered


@dataclass(frozen=True)
class Room:
    """
    An endpoint in some state.
    """

    status: SourceStatus


ROOMS = [
    Room(SourceStatus("lobby", SourceState.LISTENING, LOBBY, NOW - 3 * MINUTE, "", NOW - 30 * HOUR)),
    Room(
        SourceStatus(
            "desk",
            SourceState.PIN_REJECTED,
            DESK,
            NOW - 9 * MINUTE,
            "10.0.0.16:8765 rejected the PIN: wrong PIN; set the PIN of TrueConf Room or VideoSDK",
            NOW - 8 * MINUTE,
        )
    ),
]


@asynccontextmanager
async def running_admin(
    *, url: str = "http://127.0.0.1", exposure: Exposure | None = None, **more: str
) -> AsyncIterator[Admin]:
    """Give a server with calendars, a held list, rejected input, rooms, a running conference and targets."""
    async with administered(url=url, exposure=exposure, **{**SETTINGS, **more}) as parts:
        parts.clock.now = NOW
        await _fill(parts)
        async with serving(parts.web) as address:
            try:
                yield Admin(address, parts)
            finally:
                # As the daemon does before it stops: open pages listen.
                parts.live.close()


async def _fill(parts: Administered) -> None:
    running = replace(RICH[0], state="running", invitations=(Invitation("brown", "Brown"),))
    listed = [running, *RICH[1:], *HARMFUL]
    for hours in (7, 6, 6, 5, 3, 3, 3, 2, 1):
        await parts.accept(_snapshot("lobby", LOBBY, listed, NOW - hours * HOUR))
    rejected = Rejection("4711", "schedule.start_time", "expected seconds, got a text", b"{}")
    await parts.accept(_snapshot("lobby", LOBBY, listed, NOW, rejected))
    whole = [replace(each, schedule=RICH[4].schedule) for each in many(14)]
    await parts.accept(_snapshot("desk", DESK, whole, NOW - 9 * MINUTE))
    await parts.accept(_snapshot("desk", DESK, whole[:3], NOW - 3 * MINUTE))
    await parts.rejections.write()
    parts.reporter.endpoints, parts.targets.shown = ROOMS, TARGETS
    parts.polls.next = NOW + 2 * MINUTE
    for calendar, times in (("all", 12), ("board", 4), ("lobby@video.example.com", 7)):
        for number in range(times):
            agent = {"User-Agent": f"Calendar/{number % 3}"}
            await parts.client.get(parts.feeds.addresses.feed_url(calendar), headers=agent)


def _snapshot(
    source: str, account: Account, conferences: Sequence[Conference], at: datetime, *rejections: Rejection
) -> Snapshot:
    return Snapshot(account, source, at, Listing(tuple(conferences), rejections))


async def sign_in(page: Page, token: str = TOKEN) -> None:
    """Fill in the form of the page."""
    await page.locator("#token").fill(token)
    await page.locator("main button").click()
