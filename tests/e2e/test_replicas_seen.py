"""
What an operator sees of several replicas: in the API, in the metrics and with `confcal check`.
"""

import asyncio
import json
from collections import Counter
from typing import Any

import httpx
import pytest

from tests.e2e.program import DEADLINE_SECONDS, Daemon
from tests.e2e.replicated import ROOMS, UNHURRIED, Site, conferences, holds, reach, says

pytestmark = pytest.mark.thorough

TOKEN = "the token of the tests"
PARTS = {"housekeeping", "target/team", *(f"source/room{number}" for number in range(ROOMS))}


async def ask(daemon: Daemon, path: str) -> Any:
    answer = await daemon.http.get(f"{daemon.url}/api{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == httpx.codes.OK
    return answer.json()


async def settled(daemons: list[Daemon]) -> dict[str, str]:
    """Wait until all replicas agree on who holds each part, each no more than its share, and return that."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            seen = [
                {part: each["name"] for each in status["replicas"] for part in each["parts"]}
                for status in [await ask(daemon, "/status") for daemon in daemons]
            ]
            agreed = seen[0].keys() == PARTS and all(each == seen[0] for each in seen)
            rooms = Counter(holder for part, holder in seen[0].items() if part.startswith("source/"))
            if agreed and len(rooms) > 1 and max(rooms.values()) <= -(-ROOMS // len(daemons)):
                return seen[0]
            await asyncio.sleep(0.1)


async def own_name(daemon: Daemon) -> str:
    (own,) = [each["name"] for each in (await ask(daemon, "/status"))["replicas"] if each["answers"]]
    return str(own)


async def test_every_replica_shows_who_runs_what_and_how_it_is_doing(site: Site) -> None:
    async with site.replicas(2, ADMIN_TOKEN=TOKEN, **UNHURRIED) as daemons:
        await reach(lambda: holds(site.caldav, "Old"))
        held = await settled(daemons)
        names = [await own_name(daemon) for daemon in daemons]

        assert set(names) == set(held.values())
        for daemon, name in zip(daemons, names, strict=True):
            await daemon.feed(lambda feed: says(feed, "Old"))
            for source in await ask(daemon, "/sources"):
                holder = held[f"source/{source['name']}"]
                assert source["held_by"] == ("" if holder == name else holder)
                assert source["state"] == "listening"
                assert source["account"] == f"{source['name']}@video.example.com"
                assert source["last_list_at"]
            (target,) = await ask(daemon, "/targets")
            elsewhere = held["target/team"] != name
            assert target["held_by"] == (held["target/team"] if elsewhere else "")
            assert target["state"] == ("elsewhere" if elsewhere else "in step")
            scraped = (await daemon.http.get(f"{daemon.url}/metrics")).text
            assert ('confcal_target_up{target="team"}' in scraped) is not elsewhere
            for number in range(ROOMS):
                mine = held[f"source/room{number}"] == name
                assert (f'confcal_source_up{{source="room{number}"}}' in scraped) is mine

        async with site.home.started("check", "--json", "--timeout", "5", **site.settings) as program:
            await program.ended()
            findings = json.loads("\n".join(program.out))["findings"]
        (database,) = [each for each in findings if each["part"] == "database"]
        told = {line.split()[1]: line for line in database["lines"] if line.startswith("replica ")}
        assert told.keys() == set(names)
        for part, holder in held.items():
            assert part in told[holder]


async def test_trouble_is_shown_by_all_replicas_and_its_end_is_told_by_who_took_over(site: Site) -> None:
    async with site.replicas(2, ADMIN_TOKEN=TOKEN) as daemons:
        await reach(lambda: holds(site.caldav, "Old"))
        held = await settled(daemons)
        names = [await own_name(daemon) for daemon in daemons]
        holder = daemons[names.index(held["target/team"])]
        other = next(daemon for daemon in daemons if daemon is not holder)
        site.caldav.failing = True
        await site.tell(conferences("New"))

        async def is_down() -> object:
            return (await ask(other, "/targets"))[0]["state"] == "down"

        await reach(is_down, DEADLINE_SECONDS)
        (shown,) = await ask(other, "/targets")
        assert shown["held_by"] == held["target/team"]
        assert shown["error"]

        holder.program.process.kill()
        site.caldav.failing = False
        await reach(lambda: holds(site.caldav, "New"))

        async with asyncio.timeout(10):
            while True:
                entries = (await ask(other, "/journal"))["entries"]
                events = [each["event"] for each in entries if each["target"] == "team"]
                if "target_recovered" in events:
                    break
                await asyncio.sleep(0.1)
        assert sorted(events) == ["target_recovered", "target_refused"]
