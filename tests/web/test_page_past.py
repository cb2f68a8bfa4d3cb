"""
The past of an edited series, in the feed and on the page of an account.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from service.core.schedule import Weekday
from tests.core.given import DESK, ROOM, at, conference, listed, once, weekly
from tests.web.document import Document
from tests.web.given import Web, served

MONDAYS = weekly("2026-09-07 07:00", Weekday.MO)
WEDNESDAYS = weekly("2026-09-09 07:00", Weekday.WE)
BEFORE, EDITED = at("2026-09-01 08:00"), at("2026-10-20 12:00")
PAST = ["2026-10-05", "2026-10-12", "2026-10-19"]
COMING = ["2026-10-21", "2026-10-28"]


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    """Give the site after a series of two accounts was moved from Mondays to Wednesdays."""
    async with served() as web:
        for account in (ROOM, DESK):
            await web.accept(listed(conference("1", "Stand-up", MONDAYS), at=BEFORE, account=account))
        for account in (ROOM, DESK):
            await web.accept(listed(conference("1", "Stand-up", WEDNESDAYS), at=EDITED, account=account))
        web.clock.now = EDITED
        yield web


def days(text: str, topic: str = "Stand-up") -> list[str]:
    """Return the days of October on which a page shows the topic."""
    table = text.partition("<table")[2].partition("</table>")[0]
    cells = [cell.partition('datetime="')[2] for cell in table.split("<td ")[1:]]
    return [cell[:10] for cell in cells if cell.startswith("2026-10") and topic in Document(cell).told]


@pytest.mark.parametrize("calendar", ["all", str(ROOM), str(DESK)])
async def test_the_month_shows_what_took_place_and_what_comes(web: Web, calendar: str) -> None:
    assert days((await web.page(calendar, query="?month=2026-10")).text) == PAST + COMING


async def test_the_agenda_has_the_past_folded_away_and_what_comes_open(web: Web) -> None:
    text = (await web.page(str(ROOM), query="?view=agenda")).text

    earlier, _, coming = text.partition("Earlier this month")[2].partition("</details>")
    assert [day for day in PAST if f'id="d{day}"' in earlier] == PAST
    assert [day for day in COMING if f'id="d{day}"' in coming] == COMING


async def test_a_removed_series_stays_in_the_month_as_far_as_it_took_place(web: Web) -> None:
    others = [conference(f"{number}", schedule=once("2027-03-01 09:00")) for number in range(2, 11)]
    standup = conference("1", "Stand-up", WEDNESDAYS)
    await web.accept(listed(standup, *others, at=EDITED))
    await web.accept(listed(*others, at=EDITED + timedelta(days=2)))

    text = (await web.page(str(ROOM), query="?month=2026-10")).text

    assert days(text) == [*PAST, "2026-10-21"]
    assert days((await web.page(str(DESK), query="?month=2026-10")).text) == PAST + COMING


async def test_the_feeds_of_both_accounts_have_the_closed_part_once(web: Web) -> None:
    for calendar in ("all", str(ROOM), str(DESK)):
        body = (await web.get(calendar)).content
        assert body.count(b"UNTIL=20261020T115959Z;BYDAY=MO") == 1
        assert body.count(b"RRULE:FREQ=WEEKLY;BYDAY=WE") == 1
