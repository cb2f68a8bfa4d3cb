"""
The process is killed without a warning, again and again, while the list changes.

CONFCAL_TEST_SEED gives other moments.
"""

import asyncio
import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.trueconf.simulator import Simulator, SimulatorOptions
from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Feed, Home

SEED = int(os.environ.get("CONFCAL_TEST_SEED", "20261005"))
KILLS = 50 if os.environ.get("CI") == "true" else 6
AT_A_TIME = 2
LONGEST_LIFE_SECONDS = 0.6
KILLED_EARLY = 0.25
"""How many do not live to say that they started."""

Revisions = dict[str, tuple[int, Any]]


async def test_a_process_killed_at_any_moment_ends_with_the_list_as_it_is(tmp_path: Path) -> None:
    print(f"CONFCAL_TEST_SEED={SEED}")  # noqa: T201 -- pytest shows it where the test fails
    options = SimulatorOptions(changing_every_seconds=0.02)
    homes = [Home(tmp_path / f"home{number}") for number in range(AT_A_TIME)]
    async with Simulator(options) as simulator:
        survivors = [
            asyncio.create_task(_killed(home, simulator, random.Random(SEED + number)))  # noqa: S311 -- no secret
            for number, home in enumerate(homes)
        ]
        seen = await asyncio.gather(*survivors)
    last = [once("1", "Осталось"), weekly("2", "И это")]
    async with Simulator(SimulatorOptions(conferences=[*simulator.conferences, *last])) as final:
        for home, revisions in zip(homes, seen, strict=True):
            async with home.daemon(final.url) as daemon:
                feed = await daemon.feed(lambda feed: {"1", "2"} <= feed.vevents.keys())
                _assert_shows(feed, final.conferences)
                _assert_not_back(revisions, feed)


async def _killed(home: Home, simulator: Simulator, chance: random.Random) -> Revisions:
    """Start, look, kill, as often as its share is; the last revisions seen."""
    home.path.mkdir()
    seen: Revisions = {}
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
    if not seen:
        # Each life was too short to be looked at, however slow the machine is.
        async with home.daemon(simulator.url) as daemon:
            seen.update(_revisions(await daemon.feed()))
            await daemon.program.end(signal.SIGKILL)
    assert seen
    return seen


async def _look(daemon: Daemon, seen: Revisions) -> None:
    response = await daemon.get()
    if response.status_code == 200:
        _assert_not_back(seen, feed := Feed(response))
        seen.update(_revisions(feed))


def _revisions(feed: Feed) -> Revisions:
    return {
        str(vevent["UID"]): (int(vevent["SEQUENCE"]), vevent["LAST-MODIFIED"].dt)
        for vevent in feed.vevents.values()
    }


def _assert_not_back(before: Revisions, feed: Feed) -> None:
    for uid, (sequence, modified) in _revisions(feed).items():
        least = before.get(uid, (0, modified))
        assert sequence >= least[0]
        assert modified >= least[1]


def _assert_shows(feed: Feed, conferences: list[dict[str, Any]]) -> None:
    listed = {each["id"]: each for each in conferences if each["schedule_type"] != "none"}
    assert feed.topics == {id_: each["topic"] for id_, each in listed.items()}
    for id_, each in listed.items():
        if each["schedule_type"] == "once":
            start = datetime.fromtimestamp(each["schedule"]["start_time"], UTC)
            assert feed.vevents[id_]["DTSTART"].dt == start
    # No doubles: `vevents` would hide them.
    assert feed.body.count(b"BEGIN:VEVENT") == len(listed)
    assert len({str(vevent["UID"]) for vevent in feed.vevents.values()}) == len(listed)
