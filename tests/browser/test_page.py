"""
The subscription page as people see it.
"""

import re

import pytest
from playwright.async_api import FloatRect, expect

from tests.browser.conferences import HARMFUL, HOSTILE
from tests.browser.conftest import OpenSite, Visit
from tests.browser.looks import accessible, fits, picture
from tests.browser.site import Site

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
LANGUAGES = ["en-GB", "ru-RU"]
VIEWS = ["day", "week", "month", "agenda"]


async def test_the_language_is_switched_and_stays_switched(visit: Visit, site: Site) -> None:
    page = await visit(site.page())

    await page.get_by_role("link", name="Русский").click()
    await expect(page.get_by_role("heading", name="Подписаться")).to_be_visible()
    await page.goto(site.page())

    await expect(page.get_by_role("heading", name="Подписаться")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "ru-RU")


async def test_months_are_turned_forth_and_back(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=month"), javascript=False)
    title = page.locator("#schedule-title")
    await expect(title).to_have_text("October 2026")
    await expect(page.get_by_role("cell", name="Monday, 5 October 2026, today")).to_be_visible()

    await page.get_by_role("link", name="Next month").click()
    await expect(title).to_have_text("November 2026")
    tenth = page.get_by_role("cell", name="10 November 2026")
    await expect(tenth.get_by_role("link", name="Собрание акционеров")).to_be_visible()
    await page.get_by_role("link", name="Next month").click()
    await expect(title).to_have_text("December 2026")
    await page.get_by_role("link", name="Agenda").click()
    await expect(title).to_have_text("December 2026")
    await page.get_by_role("link", name="Previous month").click()
    await expect(title).to_have_text("November 2026")
    await page.get_by_role("link", name="Today").click()
    await expect(title).to_have_text("October 2026")


async def test_days_and_weeks_are_turned_one_by_one(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), javascript=False)
    title = page.locator("#schedule-title")
    await expect(title).to_have_text(re.compile(r"^\s*5\s*–\s*11 Oct 2026\s*$"))

    await page.get_by_role("link", name="Next week").click()
    await expect(title).to_have_text(re.compile(r"^\s*12\s*–\s*18 Oct 2026\s*$"))
    await page.get_by_role("link", name="Wednesday, 14 October 2026").click()
    await expect(title).to_have_text("Wednesday, 14 October 2026")
    await page.get_by_role("link", name="Next day").click()
    await expect(title).to_have_text("Thursday, 15 October 2026")
    await expect(page.locator(".column-whole").get_by_text("All day")).to_be_visible()
    await page.get_by_role("link", name="Previous day").click()
    await expect(title).to_have_text("Wednesday, 14 October 2026")


async def test_by_hours_meetings_stand_where_their_time_is(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=day&day=2026-10-21"), javascript=False)

    async def box(selector: str) -> FloatRect:
        found = await page.locator(selector).first.bounding_box()
        assert found
        return found

    hour = await box(".hours li")
    track = await box(".column-hours")
    eleven = await box(".block:has-text('Interview 2')")
    noon = await box(".block:has-text('Interview 3')")
    assert abs((eleven["y"] - track["y"]) - 3 * hour["height"]) < 3
    assert abs((noon["y"] - eleven["y"]) - hour["height"]) < 1
    assert abs(eleven["height"] - hour["height"] * 50 / 60) < 3


async def test_on_a_phone_there_is_the_agenda_and_a_narrow_week_is_a_list(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=390, javascript=False, agent=IPHONE)

    await expect(page.get_by_role("table")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Wednesday, 7 October 2026")).to_be_visible()
    await page.get_by_text("Earlier this month").click()
    await expect(page.locator(".agenda").get_by_text("Kick-off that is over")).to_be_visible()
    await page.get_by_role("link", name="Week", exact=True).click()
    first = await page.locator(".column:not(.free)").nth(0).bounding_box()
    second = await page.locator(".column:not(.free)").nth(1).bounding_box()
    assert first
    assert second
    assert second["y"] >= first["y"] + first["height"]
    assert first["width"] > 300


async def test_today_begins_with_what_comes(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=agenda"), javascript=False)
    today = page.locator(".agenda-day.today")

    await expect(today.locator(".line").first).to_contain_text("Обзор бюджета")
    await expect(today.get_by_text("Планёрка отдела продаж")).to_be_hidden()
    await today.get_by_text("3 over today").click()
    await expect(today.get_by_text("Планёрка отдела продаж")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
async def test_a_click_on_a_meeting_tells_all_of_it(visit: Visit, site: Site, *, javascript: bool) -> None:
    page = await visit(site.page("?view=month"), javascript=javascript)

    await page.locator(".month").get_by_role("link", name="Обзор бюджета: план, факт; прогноз").click()

    meeting = page.locator("#meeting")
    await expect(meeting).to_be_in_viewport()
    await expect(meeting.get_by_text("1 hour 30 minutes")).to_be_visible()
    await expect(meeting.get_by_text("brown@video.example.com")).to_be_visible()
    join = meeting.get_by_role("link", name="Join")
    assert await join.get_attribute("href") == "https://video.example.com/c/budget"
    assert await meeting.get_by_label("Link to join").input_value() == "https://video.example.com/c/budget"
    async with page.expect_download() as started:
        await meeting.get_by_role("link", name="Add this one as a file").click()
    assert b"SUMMARY" in (await (await started.value).path()).read_bytes()
    await accessible(page) if javascript else None
    await meeting.get_by_role("link", name="Close").click()
    await expect(meeting).to_be_hidden()
    await expect(page.locator("#schedule-title")).to_have_text("October 2026")


async def test_the_keyboard_opens_a_meeting_and_comes_back_to_it(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=week"))
    link = page.locator(".block a").last
    await link.focus()

    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(link).to_be_focused()


async def test_a_search_leads_to_the_meeting(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), javascript=False)
    await page.get_by_role("searchbox").fill("webinar autumn")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("heading", name="1 conference found")).to_be_in_viewport()
    await page.locator("#found .line-topic").click()
    await expect(page.locator("#meeting")).to_be_in_viewport()


async def test_the_viewers_own_zone_is_used_and_named(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=month"), zone="Asia/Tokyo")

    await expect(page.get_by_text("the organization's is Europe/Moscow")).to_be_visible()
    # Half past midnight on Monday in Moscow is half past six in Tokyo.
    monday = page.get_by_role("cell", name="Monday, 12 October 2026")
    await expect(monday.get_by_role("link", name="06:30")).to_be_visible()
    await page.get_by_role("link", name="Next month").click()
    await expect(page.locator("html")).to_have_attribute("data-zone", "Asia/Tokyo")


async def test_a_zone_chosen_by_hand_outranks_that_of_the_device(visit: Visit, open_site: OpenSite) -> None:
    # The cookie is for https where people reach the pages by it, and this browser does not.
    site = await open_site(public_url="")
    page = await visit(site.page(), zone="Asia/Tokyo")
    await page.locator("#zone summary").click()
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_role("button", name="Use this zone").click()
    await expect(page.get_by_text("You chose this zone")).to_be_visible()

    await page.goto(site.page())
    await expect(page.locator("html")).to_have_attribute("data-zone", "Europe/Berlin")
    await page.locator("#zone summary").click()
    await page.get_by_label("Time zone").select_option("auto")
    await page.get_by_role("button", name="Use this zone").click()
    await expect(page.locator("html")).to_have_attribute("data-zone", "Asia/Tokyo")


async def test_without_scripts_the_organizations_zone_is_used_and_named(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), zone="Asia/Tokyo", javascript=False)

    await expect(page.get_by_text("Times in Moscow Time, Europe/Moscow.").first).to_be_visible()
    await expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    assert await page.get_by_label("Address of the calendar").input_value() == site.feed_url()
    await page.get_by_text("QR codes for a phone").click()
    await expect(page.get_by_role("img", name="QR code of this page")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 320])
async def test_texts_that_mean_harm_are_only_texts(visit: Visit, open_site: OpenSite, width: int) -> None:
    site = await open_site(conferences=HARMFUL)
    for view in ("month", "agenda", "week", "day"):
        page = await visit(site.page(f"?view={view}&day=2026-10-06"), width=width)
        await fits(page)
        if view == "agenda":
            await accessible(page)
        await expect(page).to_have_title("TrueConf · confcal")
        told = await page.locator("bdi").all_text_contents()
        # The cell of a month has room for three.
        assert view == "month" or set(HOSTILE.values()) <= set(told)
        made = page.locator("main img:not(.qr), main script, main b:not(.leaf b, .live, .badge)")
        assert await made.evaluate_all("found => found.map(each => each.outerHTML)") == []
        links = await page.locator("main a").evaluate_all("links => links.map(a => a.protocol)")
        assert set(links) <= {"http:", "https:", "webcal:"}
        await picture(page, f"calendar-hostile-{view}-{width}")


async def test_on_paper_there_is_the_month_on_one_page_with_its_zone_and_nothing_to_press(
    visit: Visit, site: Site
) -> None:
    page = await visit(site.page("?view=month"))
    await page.emulate_media(media="print")

    await expect(page.get_by_role("table")).to_be_visible()
    await expect(page.get_by_text("Times in Moscow Time, Europe/Moscow.").last).to_be_visible()
    for hidden in (page.get_by_role("heading", name="Subscribe"), page.locator(".schedule-tools")):
        await expect(hidden).to_be_hidden()
    await expect(page.get_by_role("searchbox")).to_be_hidden()
    await expect(page.get_by_role("heading", name="If something is wrong")).to_be_hidden()
    await picture(page, "calendar-paper")
    # March 2027 has its days in five weeks, May in six.
    for query in ("?view=month", "?view=month&month=2027-03", "?view=month&month=2027-05", "?view=week"):
        await page.goto(site.page(query))
        paper = await page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, query
