"""
What is in order and what is not, as the dashboard says it before anything else.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from service.core.exposure import Exposure
from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.sources.status import SourceStatus
from service.web.admin.health_status import is_silent, source_tone, target_tone
from service.web.schemas import ParkedView, SourceView, TargetView
from tests.core.given import DESK, NOW, ROOM, conference, listed, many, once
from tests.web.administered import Administered, administered
from tests.web.browsing import dashboard, sign_in

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

LISTENING = SourceView(
    "lobby", "endpoint", SourceState.LISTENING, str(ROOM), NOW - 9 * HOUR, NOW - 5 * MINUTE
)
IN_STEP = TargetView("nextcloud", TargetState.IN_STEP, "all", 0, NOW, 2.4)
DOWN = TargetView("radicale", TargetState.DOWN, "all", 0, error="dav.example.com answers 503")
PARKED = TargetView("sogo", TargetState.INCOMPLETE, "all", 0, NOW, parked=(ParkedView("5b1f", "403", NOW),))


@dataclass(frozen=True)
class Room:
    """
    An endpoint in some state.
    """

    status: SourceStatus


def source(
    state: SourceState = SourceState.LISTENING,
    *,
    last: datetime | None = NOW,
    since: datetime = NOW,
    error: str = "",
) -> SourceView:
    return SourceView("lobby", "endpoint", state, "", since, last, error=error)


@pytest.mark.parametrize(
    ("view", "tone"),
    [
        (source(), "good"),
        (source(last=NOW - 30 * MINUTE), "good"),
        (source(last=NOW - 31 * MINUTE), "warn"),
        (source(last=None), ""),
        (source(last=None, since=NOW - 31 * MINUTE), "warn"),
        (source(SourceState.WAITING, last=None, since=NOW - 9 * HOUR), ""),
        (source(SourceState.CONNECTING), ""),
        (source(SourceState.CONNECTING, error="10.0.0.15 closed the connection"), "warn"),
        (source(SourceState.PIN_REJECTED, error="wrong"), "bad"),
        (source(SourceState.UNREACHABLE, error="away"), "bad"),
        (source(SourceState.LOGGED_OUT, error="nobody"), "bad"),
        (source(SourceState.WRONG_USER, error="somebody else"), "bad"),
        (source(SourceState.SILENT, error="no list"), "bad"),
        (source(SourceState.FLOODING, error="too much"), "bad"),
        (source(SourceState.FAILING, error="nobody can read it"), "bad"),
        (source(error="The last event was rejected"), "warn"),
    ],
)
def test_a_source_is_in_order_while_its_lists_arrive(view: SourceView, tone: str) -> None:
    assert source_tone(view, NOW) == tone


def test_a_source_that_cannot_be_reached_is_not_called_silent() -> None:
    assert is_silent(source(last=NOW - HOUR), NOW)
    assert not is_silent(source(SourceState.UNREACHABLE, last=NOW - HOUR), NOW)


@pytest.mark.parametrize(
    ("target", "tone"),
    [(IN_STEP, "good"), (DOWN, "bad"), (PARKED, "warn"), (TargetView("x", TargetState.STARTING, "", 0), "")],
)
def test_a_target_is_in_order_once_it_holds_everything(target: TargetView, tone: str) -> None:
    assert target_tone(target) == tone


def tiles(page: str) -> dict[str, tuple[str, bool]]:
    """Return each tile's number by its words, and whether it warns."""
    found = re.findall(
        r'<li class="stat( warn)?">.*?<b>(.*?)</b><span class="soft small">(.*?)</span>', page, re.DOTALL
    )
    return {words: (re.sub("<[^>]+>", "", number), bool(warn)) for warn, number, words in found}


async def test_a_target_that_is_down_is_seen_at_a_glance() -> None:
    async with administered() as site:
        site.targets.shown = [IN_STEP, DOWN, PARKED]
        page = await dashboard(site)

        assert tiles(page)["targets behind"] == ("2 of 3", True)
        assert 'href="/targets"' in page
        site.targets.shown = [IN_STEP]
        assert tiles(await dashboard(site))["target in step"] == ("1 of 1", False)


async def test_without_targets_there_is_no_tile_of_them() -> None:
    async with administered() as site:
        assert not any("target" in words for words in tiles(await dashboard(site)))


async def test_what_never_passed_has_no_number_of_what_waits() -> None:
    async with administered() as site:
        site.targets.shown = [DOWN]
        never = await dashboard(site, "/targets")
        site.targets.shown = [waiting(12_000)]
        passed = await dashboard(site, "/targets")

    assert "<dt>Pending</dt><dd>–</dd>" in never
    assert "<dt>Pending</dt><dd>12,000</dd>" in passed


def waiting(pending: int) -> TargetView:
    return TargetView("nextcloud", TargetState.WAITING, "all", pending, NOW)


async def test_a_source_is_not_in_order_before_its_first_list() -> None:
    async with administered() as site:
        page = await dashboard(site)
        await site.accept(listed(conference(), source="hall"))

    assert tiles(page)["Room listening"] == ("0 of 1", True)


async def test_a_source_that_fell_silent_is_no_longer_in_order() -> None:
    async with administered(SOURCES__LOBBY__URL="ws://10.0.0.15:8765") as site:
        heard = SourceStatus("lobby", SourceState.LISTENING, ROOM, NOW, "", NOW)
        with_rooms(site, [heard])
        fresh, rooms = await dashboard(site), await dashboard(site, "/rooms")
        site.later(31 * MINUTE)
        later, silent = await dashboard(site), await dashboard(site, "/rooms")

    assert tiles(fresh)["Rooms listening"] == ("1 of 2", True)
    assert "sends no list" not in rooms
    assert tiles(later)["Rooms listening"] == ("0 of 2", True)
    assert "sends no list" in silent


def with_rooms(site: Administered, statuses: Iterable[SourceStatus]) -> None:
    site.reporter.endpoints = [Room(status) for status in statuses]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (SourceState.PIN_REJECTED, "10.0.0.15:8765 отклоняет PIN"),
        (SourceState.UNREACHABLE, "10.0.0.15:8765 недоступен"),
        (SourceState.LOGGED_OUT, "На 10.0.0.15:8765 никто не вошёл"),
        (SourceState.WRONG_USER, "На 10.0.0.15:8765 вошёл пользователь, чьи списки не принимаются"),
        (SourceState.SILENT, "10.0.0.15:8765 на связи, но не присылает список"),
        (SourceState.FLOODING, "10.0.0.15:8765 присылает больше, чем принимается"),
        (SourceState.FAILING, "10.0.0.15:8765 присылает то, что нельзя прочитать"),
    ],
)
async def test_what_is_wrong_with_a_source_is_said_in_the_readers_language(
    state: SourceState, words: str
) -> None:
    async with administered(SOURCES__LOBBY__URL="ws://10.0.0.15:8765") as site:
        status = SourceStatus("lobby", SourceState.LISTENING, ROOM, NOW, "", NOW)
        with_rooms(site, [replace(status, state=state, error="the words of the log")])
        await sign_in(site)
        russian = (await site.client.get("/rooms?lang=ru")).text
        english = (await site.client.get("/rooms?lang=en")).text

    assert words in russian
    assert '<span lang="en">the words of the log</span>' in english


async def test_the_warning_of_plain_http_is_said_in_the_readers_language() -> None:
    async with administered(exposure=Exposure("0.0.0.0", "http://127.0.0.1:8080")) as site:
        await sign_in(site)
        russian = (await site.client.get("/?lang=ru")).text
        told = (await site.api("GET", "/status")).json()

    assert "confcal доступен по адресу 0.0.0.0" in russian
    assert told["warnings"][0].startswith("confcal listens on 0.0.0.0 and hands out plain")


async def test_numbers_are_written_as_the_reader_does() -> None:
    async with administered() as site:
        site.targets.shown = [TargetView("nextcloud", TargetState.IN_STEP, "all", 0, NOW, 1_234_567.25)]
        await sign_in(site)
        english = (await site.client.get("/targets?lang=en")).text
        russian = (await site.client.get("/targets?lang=ru")).text

    assert "1,234,567.2 s" in english
    assert "1 234 567,2 с" in russian.replace("\xa0", " ")


async def test_what_is_not_there_leaves_no_gap() -> None:
    async with administered() as site:
        empty = await dashboard(site)
        await site.accept(listed(replace(conference(), state="running")))
        running = await dashboard(site)

    assert "Nothing needs you." in empty
    assert "Running now" not in empty
    assert "Running now" in running


async def test_what_would_be_removed_is_told_with_its_time_the_soonest_first() -> None:
    async with administered() as site:
        whole = [replace(each, schedule=once(f"2026-11-{30 - int(each.id):02} 09:00")) for each in many(14)]
        await site.accept(listed(*whole, account=DESK))
        await site.accept(listed(*whole[:3], account=DESK, at=NOW + HOUR))
        page = await dashboard(site)

    missing = page[page.index("What would be removed") : page.index('action="/approve"')]
    assert re.findall(r"Topic (\d+)", missing) == [str(number) for number in range(14, 3, -1)]
    assert 'datetime="2026-11-16T09:00:00+00:00"' in missing


async def test_a_room_that_is_off_in_its_quiet_hours_is_shown_in_its_own_words() -> None:
    async with administered(
        SOURCES__LOBBY__URL="ws://10.0.0.15:8765", SOURCES__LOBBY__QUIET="08:00-10:00"
    ) as site:
        status = SourceStatus("lobby", SourceState.UNREACHABLE, ROOM, None, "10.0.0.15 is gone", NOW)
        site.reporter.endpoints = [Room(status)]
        rooms, home = await dashboard(site, "/rooms"), await dashboard(site)
        (told,) = [each for each in (await site.api("GET", "/sources")).json() if each["name"] == "lobby"]
        site.later(3 * HOUR)
        late = await dashboard(site, "/rooms")

    assert "quiet by its hours" in rooms
    assert "It is silent, as its quiet hours say: unreachable." in rooms
    assert "notice bad" not in rooms
    assert "Nothing needs you." in home
    assert "quiet by their hours: 1" in home
    assert told["quiet"]
    assert "10.0.0.15 is gone" in late
    assert "It is silent, as its quiet hours say" not in late
