"""
The subscription page in a hand: what its first screen shows, and everything done by a finger.
"""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conferences import HOSTILE
from tests.browser.conftest import OpenSite, Visit
from tests.browser.looks import accessible, fits, picture
from tests.browser.site import Site
from tests.core.given import conference, once

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
SCREENS = [(360, 640), (390, 844)]
LANGUAGES = ["en-GB", "ru-RU"]
VIEWS = ["Day", "Week", "Month", "Agenda"]

SMALL_TARGETS = """([least, leastByHours]) => [...document.querySelectorAll(
    'a, button, summary, select, input:not([type=radio]), label:has(input)')]
    .filter(e => e.checkVisibility() && !e.matches('.skip'))
    .map(e => ({e, box: e.getBoundingClientRect()}))
    .filter(({e, box}) => box.height < (e.closest('.column-hours') ? leastByHours : least) || box.width < 24)
    .map(({e, box}) => `${Math.round(box.width)}x${Math.round(box.height)} ${e.outerHTML.slice(0, 120)}`)"""


async def sees_whole(page: Page, element: Locator) -> None:
    """See that the whole of an element is on the first screen."""
    box = await element.bounding_box()
    size = page.viewport_size
    assert box
    assert size
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= size["height"], await element.inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("agent", [IPHONE, ANDROID], ids=["iphone", "android"])
@pytest.mark.parametrize("screen", SCREENS)
async def test_the_first_screen_has_the_next_conference_and_the_way_to_subscribe(
    visit: Visit, site: Site, screen: tuple[int, int], agent: str, language: str
) -> None:
    width, height = screen
    looks = {"width": width, "height": height, "agent": agent, "language": language, "touch": True}
    page = await visit(site.page(), **looks)
    following = page.locator("#next-card")

    for element in (
        following.get_by_role("heading", level=3),
        following.locator("time").first,
        following.locator("a.button"),
        page.locator(".subscribe h2"),
        page.locator(".subscribe .button.big" if agent is IPHONE else "#address"),
    ):
        await sees_whole(page, element)
    await fits(page)
    await picture(page, f"phone-{language[:2]}-{width}-{'iphone' if agent is IPHONE else 'android'}")

    page = await visit(site.page("?subscribed=1"), **looks)
    await sees_whole(page, page.locator("#next-card a.button"))
    await sees_whole(page, page.locator("#next-card .after li").first)


async def test_a_topic_without_end_leaves_room_for_the_way_to_subscribe(
    visit: Visit, open_site: OpenSite
) -> None:
    for topic in HOSTILE.values():
        site = await open_site(conferences=[conference("1", topic, once("2026-10-05 09:00"))])
        page = await visit(site.page(), width=360, height=640, agent=IPHONE, touch=True)

        await sees_whole(page, page.locator("#next-card a.button"))
        await sees_whole(page, page.locator(".subscribe .button.big"))


async def test_each_view_is_opened_by_a_tap_and_has_room_for_a_finger(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=360, height=640, agent=ANDROID, touch=True)
    for view in VIEWS:
        tab = page.locator(".tabs").get_by_role("link", name=view, exact=True)
        await tab.tap()
        await expect(tab).to_have_attribute("aria-current", "true")

        assert await page.evaluate(SMALL_TARGETS, [43.5, 24]) == []
        await fits(page)


@pytest.mark.parametrize("view", VIEWS)
async def test_a_tap_on_a_meeting_tells_all_of_it_and_another_closes_it(
    visit: Visit, site: Site, view: str
) -> None:
    query = f"?view={view.lower()}&day=2026-10-05"
    page = await visit(site.page(query), width=390, height=844, agent=IPHONE, touch=True)

    meeting = page.locator("#schedule .block, #schedule .line").get_by_role("link", name="Обзор бюджета")
    await meeting.first.tap()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("1 hour 30 minutes")).to_be_visible()
    assert await page.evaluate(SMALL_TARGETS, [43.5, 24]) == []
    await fits(page)
    await accessible(page)
    await dialog.get_by_role("link", name="Close").tap()

    await expect(dialog).to_be_hidden()
    await expect(meeting.first).to_be_in_viewport()


async def test_another_program_a_reminder_and_a_search_are_a_few_taps(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=360, height=640, agent=ANDROID, touch=True)

    await page.get_by_text("Another program").tap()
    await page.locator(".programs").get_by_text("Thunderbird").tap()
    await expect(page.locator("[data-way=thunderbird]").get_by_text("Find Calendars")).to_be_visible()
    assert await page.evaluate(SMALL_TARGETS, [43.5, 24]) == []

    await page.get_by_text("Reminders, busy or free").tap()
    await page.get_by_label("Reminder").select_option("15")
    await page.get_by_role("button", name="Change the address").tap()
    await expect(page.get_by_label("Address of the calendar")).to_have_value(f"{site.feed_url()}?reminder=15")

    await page.get_by_role("searchbox").tap()
    await page.keyboard.type("webinar")
    await page.get_by_role("button", name="Search").tap()
    await page.locator("#found .line-topic").tap()
    await expect(page.get_by_role("dialog").get_by_role("heading", name="Product webinar")).to_be_visible()


async def test_the_checks_themselves_find_what_is_wrong(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=360, height=640, agent=ANDROID, touch=True)
    await page.evaluate("document.querySelector('h1').innerHTML = '<a href=\"/\">x</a>'")

    assert len(await page.evaluate(SMALL_TARGETS, [43.5, 24])) == 1
    with pytest.raises(AssertionError):
        await sees_whole(page, page.get_by_text("How to unsubscribe"))
