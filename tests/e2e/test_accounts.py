"""
Two accounts on one server whose lists are posted: whose word counts, and that no calendar loses anything.
"""

import asyncio
from typing import Any

import pytest

from tests.e2e.given import once, weekly
from tests.e2e.program import Daemon, Feed, Home

pytestmark = pytest.mark.thorough

SERVER = "video.example.com"
OWNER, OTHER = "ivanov", "brown"
TOKENS = {OWNER: "a-long-token-of-the-owner-of-it-all", OTHER: "a-long-token-of-somebody-who-is-invited"}
BEHIND_SECONDS = 2
SETTINGS = {
    f"SOURCES__{name.upper()}__{setting}": value
    for name, token in TOKENS.items()
    for setting, value in (("INGEST_TOKEN", token), ("SERVER", SERVER))
} | {"REMOVAL__MISSING_LISTS": "2", "REMOVAL__MISSING_FOR": str(BEHIND_SECONDS)}

STANDING = [weekly(f"{number}", f"Standing {number}") for number in range(201, 210)]
"""So that no list would remove most of a calendar."""

PLANNED = once(owner=f"{OWNER}@{SERVER}")


async def post(daemon: Daemon, account: str, *conferences: dict[str, Any]) -> None:
    event = {"event": "conferenceList", "cnt": len(conferences), "conferences": conferences}
    headers = {"Authorization": f"Bearer {TOKENS[account]}"}
    answer = await daemon.http.post(f"{daemon.url}/api/events/{account}", json=event, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.json()["account"] == f"{account}@{SERVER}"


async def post_in_turns(daemon: Daemon, owners: dict[str, Any], others: dict[str, Any]) -> None:
    """Have both accounts tell what they tell until the time is over in which one may be behind."""
    for _ in range(3):
        await post(daemon, OTHER, others, *STANDING)
        await post(daemon, OWNER, owners, *STANDING)
        await asyncio.sleep(BEHIND_SECONDS)


async def both(daemon: Daemon) -> list[Feed]:
    return [
        await daemon.feed(calendar=calendar) for calendar in ("all", f"{OWNER}@{SERVER}", f"{OTHER}@{SERVER}")
    ]


def at(start: int, **rest: Any) -> dict[str, Any]:
    return PLANNED | {"schedule": {"start_time": start, "duration": 3600}} | rest


START = int(PLANNED["schedule"]["start_time"])


@pytest.mark.parametrize(
    "told",
    [at(START + 7200), PLANNED | {"url": "https://elsewhere.example.net/c/100"}],
    ids=["another start", "another url"],
)
async def test_what_the_second_account_tells_otherwise_heals_to_the_owner(
    home: Home, told: dict[str, Any]
) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        await post(daemon, OWNER, PLANNED, *STANDING)
        first = await daemon.feed(lambda feed: "100" in feed.vevents)
        await asyncio.sleep(1)
        await post(daemon, OTHER, told, *STANDING)
        newest = await daemon.feed()
        assert _when_and_where(newest) != _when_and_where(first), "the newest change counts at first"

        await post_in_turns(daemon, PLANNED, told)

        for feed in await both(daemon):
            assert _when_and_where(feed) == _when_and_where(first)
            assert feed.vevents["100"]["SEQUENCE"] == 2
        assert daemon.program.events().count("sync.dispute") == 1


async def test_what_the_second_account_lists_without_a_schedule_stays_in_both_calendars(home: Home) -> None:
    room = {**PLANNED, "schedule_type": "none", "schedule": {}}
    async with home.daemon(**SETTINGS) as daemon:
        await post(daemon, OWNER, PLANNED, *STANDING)
        first = await daemon.feed(lambda feed: "100" in feed.vevents)

        await post_in_turns(daemon, PLANNED, room)

        for feed in await both(daemon):
            assert feed.vevents["100"].to_ical() == first.vevents["100"].to_ical()


async def test_what_the_second_account_no_longer_lists_leaves_its_own_calendar_alone(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        for account in (OWNER, OTHER):
            await post(daemon, account, PLANNED, *STANDING)
        for _ in range(2):
            await post(daemon, OTHER, *STANDING)
            await asyncio.sleep(BEHIND_SECONDS)
        await post(daemon, OTHER, *STANDING)

        everybody, owners, others = await both(daemon)

    assert "100" in everybody.vevents
    assert "100" in owners.vevents
    assert "100" not in others.vevents


def _when_and_where(feed: Feed) -> tuple[Any, str]:
    vevent = feed.vevents["100"]
    return vevent["DTSTART"].dt, str(vevent["LOCATION"])
