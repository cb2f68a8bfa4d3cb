"""
The subscription page as people see it.
"""

import pytest
from playwright.async_api import expect

from tests.browser.conferences import HARMFUL, HOSTILE
from tests.browser.conftest import OpenSite, Visit
from tests.browser.looks import accessible, combined, fits, picture, unfold
from tests.browser.site import Site

LANGUAGES = ["en-GB", "ru-RU"]
SCHEMES = ["light", "dark"]


@pytest.mark.parametrize(("language", "scheme", "width"), combined(LANGUAGES, SCHEMES, [1280, 360]))
async def test_nobody_is_shut_out(visit: Visit, site: Site, language: str, scheme: str, width: int) -> None:
    for view in ("month", "agenda"):
        page = await visit(site.page(f"?view={view}"), language=language, scheme=scheme, width=width)
        await picture(page, f"calendar-{view}-{language[:2]}-{scheme}-{width}")
        await unfold(page)
        await accessible(page)


@pytest.mark.parametrize(("scheme", "language"), combined(SCHEMES, LANGUAGES))
async def test_nobody_is_shut_out_where_there_is_nothing_or_trouble(
    visit: Visit, open_site: OpenSite, language: str, scheme: str
) -> None:
    looks = {"language": language, "scheme": scheme}
    name = f"{language[:2]}-{scheme}"
    site = await open_site(conferences=[], public_url="http://10.0.0.15:8080")
    page = await visit(site.page(), **looks)
    await accessible(page)
    await picture(page, f"calendar-empty-{name}")
    site = await open_site(conferences=None)
    page = await visit(site.page(), **looks, status=503)
    await accessible(page)
    await picture(page, f"error-503-{name}")
    page = await visit(f"{site.url}/calendars/nonsense", **looks, status=404)
    await accessible(page)
    await picture(page, f"error-404-{name}")
    await fits(page)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["month", "agenda"])
async def test_nothing_is_wider_than_the_window(visit: Visit, site: Site, language: str, view: str) -> None:
    page = await visit(site.page(f"?view={view}"), language=language, javascript=False)
    await unfold(page)
    for width in (1024, 768, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        await fits(page)
    await picture(page, f"calendar-{view}-{language[:2]}-320")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["month", "agenda"])
async def test_nothing_is_wider_than_the_window_when_it_is_enlarged_twice(
    visit: Visit, site: Site, language: str, view: str
) -> None:
    # A window of 1280 pixels has 640 of the page's own then, each drawn with two.
    page = await visit(site.page(f"?view={view}"), language=language, width=640, scale=2, javascript=False)
    await unfold(page)

    await fits(page)


async def test_everything_to_press_is_large_enough_for_a_finger(visit: Visit, site: Site) -> None:
    for width in (1280, 360):
        page = await visit(site.page(), width=width)
        await unfold(page)
        small = await page.evaluate(
            """() => [...document.querySelectorAll('a, button, summary, select, input, label:has(input)')]
                .filter(e => e.type !== 'radio')
                .filter(e => e.checkVisibility() && !e.classList.contains('skip'))
                .filter(e => e.getBoundingClientRect().height < 43.5)
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert small == []


async def test_the_language_is_switched_and_stays_switched(visit: Visit, site: Site) -> None:
    page = await visit(site.page())

    await page.get_by_role("link", name="Русский").click()
    await expect(page.get_by_role("heading", name="Подписаться")).to_be_visible()
    await page.goto(site.page())

    await expect(page.get_by_role("heading", name="Подписаться")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "ru-RU")


async def test_months_are_turned_forth_and_back(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), javascript=False)
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


async def test_on_a_phone_the_month_is_an_agenda(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=390, javascript=False)

    await expect(page.get_by_role("table")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Wednesday, 7 October 2026")).to_be_visible()
    await page.get_by_text("Earlier this month").click()
    await expect(page.locator(".agenda").get_by_text("Kick-off that is over")).to_be_visible()


async def test_a_meeting_can_be_joined_from_everywhere(visit: Visit, site: Site) -> None:
    page = await visit(site.page())

    links = page.get_by_role("link", name="Обзор бюджета: план, факт; прогноз")

    assert {await link.get_attribute("href") for link in await links.all()} == {
        "https://video.example.com/c/budget"
    }
    assert await links.count() == 2


async def test_the_viewers_own_zone_is_used_and_named(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), zone="Asia/Tokyo")

    await expect(page.get_by_text("the organization's is Europe/Moscow")).to_be_visible()
    # Half past midnight on Monday in Moscow is half past six in Tokyo.
    monday = page.get_by_role("cell", name="Monday, 12 October 2026")
    await expect(monday.get_by_role("link", name="06:30")).to_be_visible()
    await page.get_by_role("link", name="Next month").click()
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
    for view in ("month", "agenda"):
        page = await visit(site.page(f"?view={view}&month=2026-10"), width=width)
        await fits(page)
        if view == "agenda":
            await accessible(page)
        await expect(page).to_have_title("TrueConf · confcal")
        told = await page.locator("bdi").all_text_contents()
        assert set(HOSTILE.values()) <= set(told)
        assert await page.locator("main img, main script, main b:not(.leaf b)").count() == 0
        links = await page.locator("main a").evaluate_all("links => links.map(a => a.protocol)")
        assert set(links) <= {"http:", "https:", "webcal:"}
        await picture(page, f"calendar-hostile-{view}-{width}")


async def test_the_keyboard_reaches_the_content_at_once(visit: Visit, site: Site) -> None:
    page = await visit(site.page())

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_on_paper_there_is_the_month_and_nothing_to_press(visit: Visit, site: Site) -> None:
    page = await visit(site.page())
    await page.emulate_media(media="print")

    await expect(page.get_by_role("table")).to_be_visible()
    await expect(page.get_by_role("heading", name="Subscribe")).to_be_hidden()
    await expect(page.get_by_role("link", name="Today")).to_be_hidden()
    await picture(page, "calendar-paper")


async def test_the_checks_themselves_find_what_is_wrong(visit: Visit, site: Site) -> None:
    page = await visit(site.page())
    await page.evaluate(
        "document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=/static/icon.svg>')"
    )
    with pytest.raises(AssertionError, match="image-alt"):
        await accessible(page)
    await page.evaluate("document.querySelector('img').width = 3000")
    with pytest.raises(AssertionError, match="IMG"):
        await fits(page)
