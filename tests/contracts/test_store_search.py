"""
How every store finds conferences.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from service.core.conference import Conference, Invitation, Key
from service.core.schedule import Once, Unscheduled, Weekday, Weekly
from service.core.search import ConferenceQuery
from service.publishing.ports import Database
from tests.contracts.given import HOUR, LATER, NOON, SERVER, arrival, changes, conference, record

PLAN = replace(
    conference("100", "Планёрка отдела"),
    invitations=(Invitation("petrova@video.example.com", "Анна Петрова"),),
)
REVIEW = conference("200", "Sprint review", Weekly(NOON, HOUR, frozenset({Weekday.MO})))
LOUNGE = conference("300", "lounge", Unscheduled())
ENDED = conference("400", "Ended sprint", Once(NOON - timedelta(days=9), HOUR))
ALL = (PLAN, REVIEW, LOUNGE, ENDED)


async def find(store: Database, query: ConferenceQuery) -> list[str]:
    return [key.id for key in await store.find_conferences(query)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ConferenceQuery(), ["400", "300", "200", "100"]),
        (ConferenceQuery("SPRI"), ["400", "200"]),
        (ConferenceQuery("sprint rev"), ["200"]),
        (ConferenceQuery("планёрка анна"), ["100"]),
        (ConferenceQuery("petrova@video"), ["100"]),
        (ConferenceQuery("20"), ["200"]),
        (ConferenceQuery("%"), ["400", "300", "200", "100"]),
        (ConferenceQuery("print"), []),
        (ConferenceQuery(kind="week"), ["200"]),
        (ConferenceQuery(kind="none"), ["300"]),
        (ConferenceQuery(ending_after=NOON), ["200", "100"]),
        (ConferenceQuery(among=frozenset({Key(SERVER, "100"), Key("other", "200")})), ["100"]),
        (ConferenceQuery(among=frozenset()), []),
        (ConferenceQuery(limit=2), ["400", "300"]),
        (ConferenceQuery(after=Key(SERVER, "300"), limit=1), ["200"]),
        (ConferenceQuery(after=Key(SERVER, "gone")), []),
    ],
)
async def test_conferences_are_found(store: Database, query: ConferenceQuery, found: list[str]) -> None:
    await record(store, arrival(*ALL))

    assert await find(store, query) == found


async def test_a_conference_is_found_by_what_it_says_now_and_not_once_it_left(store: Database) -> None:
    renamed: Conference = replace(PLAN, topic="Budget", invitations=())
    await record(store, arrival(PLAN), arrival(renamed))
    assert await find(store, ConferenceQuery("budget")) == ["100"]
    assert await find(store, ConferenceQuery("планёрка")) == []

    await record(store, changes(departures=frozenset({"100"})))
    assert await find(store, ConferenceQuery()) == []


async def test_nothing_is_left_of_what_was_purged(store: Database) -> None:
    await record(store, arrival(PLAN), changes(departures=frozenset({"100"})))
    await store.purge(LATER + timedelta(days=400))

    await record(store, arrival(conference("100", "Other")))

    assert await find(store, ConferenceQuery("планёрка")) == []
