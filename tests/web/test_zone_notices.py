"""
The dashboard and the API say what an operator should know about zones.
"""

import re

from service.core.schedule import Weekday
from service.core.zonedata import data_version
from tests.core.given import conference, listed, weekly
from tests.web.administered import administered
from tests.web.browsing import dashboard, sign_in

TEAM = conference("7", "Team & friends", weekly("2026-09-07 08:00", Weekday.MO))


async def test_the_dashboard_shows_the_version_of_the_zone_data() -> None:
    async with administered() as site:
        page = await dashboard(site, "/settings")
        told = (await site.api("GET", "/status")).json()

    assert f"<dd>tzdata {data_version()}</dd>" in page
    assert told["zone_data"] == data_version()


async def test_a_zone_that_nobody_set_is_told_once_weekly_conferences_exist() -> None:
    async with administered() as site:
        before = await dashboard(site)
        await site.accept(listed(TEAM, source="hall"))
        after = await dashboard(site)
        russian = (await site.client.get("/?lang=ru")).text
        told = (await site.api("GET", "/status")).json()

    assert "CONFCAL_TIMEZONE is not set" not in before
    assert re.search(r"The zone is not set.*CONFCAL_TIMEZONE is not set", after, re.DOTALL)
    assert "CONFCAL_TIMEZONE не указан" in russian
    assert told["warnings"][0].startswith("CONFCAL_TIMEZONE is not set")


async def test_two_dates_under_both_settings_are_shown_where_clocks_change() -> None:
    async with administered(SOURCES__HALL__TIMEZONE="Europe/Berlin") as site:
        await site.accept(listed(TEAM, source="hall"))
        await sign_in(site)
        english = (await site.client.get("/?lang=en")).text
        russian = (await site.client.get("/?lang=ru")).text

    assert "Example: Team &amp; friends." in english
    assert re.search(r"With utc: [\d-]+ 09:00 in winter, [\d-]+ 10:00 in summer\.", english)
    assert re.search(r"With wall: [\d-]+ 10:00 in winter, [\d-]+ 10:00 in summer\.", english)
    assert re.search(r"При utc: [\d-]+ 09:00 зимой, [\d-]+ 10:00 летом\.", russian)


async def test_an_old_name_is_shown_with_its_city() -> None:
    async with administered(TIMEZONE="US/Eastern") as site:
        page = await dashboard(site)

    assert "CONFCAL_TIMEZONE=US/Eastern is an old name of America/New_York" in page


async def test_on_the_wall_the_zone_is_shown_with_its_last_change_and_no_alarm() -> None:
    async with administered(TIMEZONE="America/Vancouver", WEEKLY_TIME="wall") as site:
        page = await dashboard(site)
        told = (await site.api("GET", "/status")).json()

    (notice,) = re.findall(r'<p class="notice">.*?</p>', page)
    assert "names America/Vancouver in calendars" in notice
    assert "2026-03-08, from UTC-08:00 to UTC-07:00" in notice
    assert told["warnings"] == []
