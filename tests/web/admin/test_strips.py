"""
The last 24 hours of sources and targets, on the dashboard and over the API.
"""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.strip import SLOT, SLOTS, SlotState
from service.core.target_state import TargetState
from service.web.admin.strip_drawing import HEIGHT, WIDTH, draw
from service.web.schemas import TargetView
from service.web.strips import SlotView
from tests.core.given import NOW, conference, listed
from tests.web.administered import Administered, administered
from tests.web.browsing import sign_in

HOUR = timedelta(hours=1)


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        site.clock.now = NOW
        yield site


def source_down(at: datetime) -> JournalEntry:
    change = FieldChange("state", "", "pin rejected")
    return JournalEntry(at, Happening.SOURCE_DOWN, source="hall", fields=(change,))


def source_up(at: datetime) -> JournalEntry:
    change = FieldChange("state", "pin rejected", "listening")
    return JournalEntry(at, Happening.SOURCE_UP, source="hall", fields=(change,))


async def show(site: Administered, language: str = "en") -> str:
    await sign_in(site)
    return (await site.client.get(f"/rooms?lang={language}")).text


async def test_the_api_tells_the_day_of_each_source_and_target(site: Administered) -> None:
    site.targets.shown = [TargetView("cloud", TargetState.IN_STEP, "all", 0)]
    await site.store.journal.note_running(NOW)
    await site.store.journal.write([source_down(NOW - 2 * HOUR), source_up(NOW - 2 * HOUR)])
    await site.accept(listed(conference("100"), source="hall"))

    source, target = (await site.api("GET", "/strips")).json()

    assert (source["kind"], source["name"], len(source["slots"])) == ("source", "hall", SLOTS)
    assert (target["kind"], target["name"]) == ("target", "cloud")
    assert [each["state"] for each in source["slots"]].count("trouble") == 1
    assert source["slots"][-1]["state"] == "lists"
    assert target["slots"][-1]["state"] == "in step"


@pytest.mark.parametrize(
    ("language", "word", "none"),
    [
        ("en", "trouble", "nothing was wrong"),
        ("ru", "неполадка", "всё было в порядке"),
    ],
)
async def test_the_page_says_in_a_sentence_what_was_wrong_and_when(
    site: Administered, language: str, word: str, none: str
) -> None:
    await site.accept(listed(conference("100"), source="hall"))
    calm = await show(site, language)
    await site.store.journal.write([source_down(NOW - 2 * HOUR), source_up(NOW - HOUR)])
    told = await show(site, language)

    assert none in calm
    assert none not in told
    shapes = re.findall(r'<path class="(\w*)" d="[^"]+"><title>([^<]+)</title>', told)
    assert [title.split(": ")[0] for tone, title in shapes if tone == "bad" and title.endswith(word)]


async def test_a_page_without_a_database_has_no_strip(site: Administered) -> None:
    assert 'class="strip' in await show(site)

    site.store.failing = True

    assert 'class="strip' not in await show(site)


def test_each_state_has_a_shape_of_its_own_beside_its_color() -> None:
    heights = {
        state: int(draw([SlotView(NOW, state)], NOW).runs[0].path.split("v-")[1].split("h")[0])
        for state in SlotState
    }

    of_source = [heights[SlotState(each)] for each in ("unknown", "lists", "quiet", "silence", "trouble")]
    of_target = [heights[SlotState(each)] for each in ("unknown", "in step", "behind", "down")]
    assert len(set(of_source)) == len(of_source)
    assert len(set(of_target)) == len(of_target)
    assert max(heights.values()) == HEIGHT


def test_bars_of_all_half_hours_stay_within_the_drawing_and_apart() -> None:
    states = [SlotState.LISTS, SlotState.LISTS, SlotState.SILENCE] * (SLOTS // 3)
    slots = [SlotView(NOW + number * SLOT, state) for number, state in enumerate(states)]

    drawing = draw(slots, NOW + SLOTS * SLOT)

    begins = [int(x) for run in drawing.runs for x in re.findall(r"M(\d+) ", run.path)]
    assert begins == list(range(0, WIDTH, WIDTH // SLOTS))
    assert [run.state for run in drawing.faults] == [SlotState.SILENCE] * 4
    assert drawing.faults[0].start > drawing.faults[1].start
    assert drawing.more == SLOTS // 3 - 4
