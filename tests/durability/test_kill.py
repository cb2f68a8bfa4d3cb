"""
The process is killed without a warning, again and again, while the list changes and series are edited.

CONFCAL_TEST_SEED gives other moments.
"""

import asyncio
import os
import random
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.durability.served import Parts, Served, read_parts
from tests.durability.told import DAY, WEEK, Span
from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Feed, Home
from tests.tools import how_often

pytestmark = pytest.mark.thorough

SEED = int(os.environ.get("CONFCAL_TEST_SEED", "20261005"))
KILLS = how_often(20, 20, 200)
AT_A_TIME = 2
LONGEST_LIFE_SECONDS = 0.6
KILLED_EARLY = 0.25
"""How many do not live to say that they started."""

SERIES = 40
"""So many take place on the same days since two months; one after the other is edited, again and again."""

EDITED_EVERY_SECONDS = 0.05
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass
class Seen:
    """
    What a reader of the feed was shown.
    """

    revisions: dict[str, tuple[int, str]] = field(default_factory=dict)
    past: dict[str, set[Span]] = field(default_factory=dict)
    """By series, what took place before this day, as it was shown first."""

    most_parts: int = 0

    def look(self, feed: Feed) -> None:
        """Assert that nothing went back and no past changed."""
        parts = read_parts(feed.body)
        for each in _flat(parts):
            least = self.revisions.get(each.uid, (0, each.modified))
            assert each.sequence >= least[0]
            assert each.modified >= least[1]
            self.revisions[each.uid] = (each.sequence, each.modified)
        for (_, id_), several in parts.items():
            if id_.startswith("series"):
                self.most_parts = max(self.most_parts, len(several))
                spans = [span for each in several for span in each.spans(TODAY - 9 * WEEK, TODAY)]
                assert len(spans) == len(set(spans))
                assert self.past.setdefault(id_, set(spans)) == set(spans)


def series(number: int, edit: int) -> dict[str, Any]:
    """Return a series as it is after so many edits: each has it on other days, since two months."""
    start = TODAY - 8 * WEEK + timedelta(hours=7) + edit % 7 * DAY
    flags = [int((start + timedelta(hours=3)).isoweekday() % 7 == day) for day in range(7)]
    schedule = {"start_time": int(start.timestamp()), "duration": 1800, "days": flags}
    return weekly(f"series{number}", "Каждую неделю", schedule=schedule)


async def _edit_series(simulator: Simulator) -> None:
    """Edit one series after the other, for ever."""
    edits = dict.fromkeys(range(SERIES), 0)
    for step in count():
        rest = [each for each in simulator.conferences if not each["id"].startswith("series")]
        if step:
            edits[step % SERIES] += 1
        await simulator.set_conferences([*rest, *(series(*each) for each in edits.items())])
        await asyncio.sleep(EDITED_EVERY_SECONDS)


async def test_a_process_killed_at_any_moment_ends_with_the_list_as_it_is(tmp_path: Path) -> None:
    print(f"CONFCAL_TEST_SEED={SEED}")  # noqa: T201 -- pytest shows it where the test fails
    options = SimulatorOptions(changing_every_seconds=0.02)
    homes = [Home(tmp_path / f"home{number}") for number in range(AT_A_TIME)]
    async with Simulator(options) as simulator:
        editing = asyncio.create_task(_edit_series(simulator))
        survivors = [
            asyncio.create_task(_killed(home, simulator, random.Random(SEED + number)))  # noqa: S311 -- no secret
            for number, home in enumerate(homes)
        ]
        try:
            seen = await asyncio.gather(*survivors)
        finally:
            editing.cancel()
        with suppress(asyncio.CancelledError):
            await editing
    last = [once("1", "Осталось"), weekly("2", "И это")]
    async with Simulator(SimulatorOptions(conferences=[*simulator.conferences, *last])) as final:
        for home, before in zip(homes, seen, strict=True):
            async with home.daemon(final.url) as daemon:
                feed = await daemon.feed(lambda feed: {"1", "2"} <= feed.vevents.keys())
                _assert_shows(feed, final.conferences)
                before.look(feed)


async def _killed(home: Home, simulator: Simulator, chance: random.Random) -> Seen:
    """Start, look, kill, as often as its share is; what was seen."""
    home.path.mkdir()
    seen = Seen()
    for _ in range(KILLS // AT_A_TIME):
        if chance.random() < KILLED_EARLY:
            # It may be preparing its database just then.
            async with home.started("run", SOURCES__LOBBY__URL=simulator.url) as program:
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                await program.end(signal.SIGKILL)
            continue
        async with home.daemon(simulator.url) as daemon:
            ends_at = asyncio.get_running_loop().time() + chance.uniform(0, LONGEST_LIFE_SECONDS)
            while (left := ends_at - asyncio.get_running_loop().time()) > 0:
                await _look(daemon, seen)
                await asyncio.sleep(min(left, 0.1))
            assert await daemon.program.end(signal.SIGKILL) == -signal.SIGKILL
    # On a slow machine each life was too short to be looked at: this one lasts until a part was closed.
    async with home.daemon(simulator.url) as daemon:
        await daemon.feed(partial(_shows_a_closed_part, seen))
        assert await daemon.program.end(signal.SIGKILL) == -signal.SIGKILL
    return seen


def _shows_a_closed_part(seen: Seen, feed: Feed) -> bool:
    seen.look(feed)
    return seen.most_parts > 1


async def _look(daemon: Daemon, seen: Seen) -> None:
    response = await daemon.get()
    if response.status_code == 200:
        seen.look(Feed(response))


def _flat(parts: Parts) -> list[Served]:
    return [each for several in parts.values() for each in several]


def _assert_shows(feed: Feed, conferences: list[dict[str, Any]]) -> None:
    listed = {each["id"]: each for each in conferences if each["schedule_type"] != "none"}
    parts = read_parts(feed.body)
    live = {id_: [each for each in several if each.until is None] for (_, id_), several in parts.items()}
    assert {id_: each.topic for id_, (each,) in live.items() if id_ in listed} == {
        id_: each["topic"] for id_, each in listed.items()
    }
    # What left the list is there as far as it took place.
    assert not [id_ for id_, alive in live.items() if alive and id_ not in listed]
    for id_, each in listed.items():
        if each["schedule_type"] == "once":
            assert live[id_][0].start == datetime.fromtimestamp(each["schedule"]["start_time"], UTC)
    assert len({each.uid for each in _flat(parts)}) == len(_flat(parts))
