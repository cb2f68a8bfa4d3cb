"""
What is only seen: words that are broken, tiles with a hole, lines that begin small or stand uneven.
"""

import pytest
from playwright.async_api import Page, expect

from tests.browser.admin import sign_in
from tests.browser.conftest import OpenAdmin, Visit
from tests.browser.looks import full_rows, unfold, whole_words
from tests.browser.site import Site

pytestmark = pytest.mark.thorough

LANGUAGES = ["en-GB", "ru-RU"]

ROOM_AROUND_LINES = """() => [...document.querySelectorAll('.agenda .line')]
    .filter(line => line.checkVisibility())
    .map(line => {
        const texts = [...line.children].filter(e => !e.matches('.line-join'))
            .map(e => e.querySelector('bdi') ?? e);
        const {top, bottom} = line.getBoundingClientRect();
        const above = texts[0].getBoundingClientRect().top - top;
        const below = bottom - texts.at(-1).getBoundingClientRect().bottom;
        return `${Math.round(above)} and ${Math.round(below)}`;
    })"""

SMALL_BEGINNINGS = """() => {
    const ours = '.agenda-date time, .next-in time, .line-when, .block .when, .leaf span, .month abbr';
    return [...document.querySelectorAll(`${ours}, td > time, th > time, dd > time, td > div > time`)]
        .filter(e => e.checkVisibility() && /^\\s*\\p{Ll}/u.test(e.textContent))
        .filter(e => {
            const child = [...e.childNodes].find(node => node.textContent.trim());
            const first = child.tagName === 'TIME' ? child : e;
            return getComputedStyle(first, '::first-letter').textTransform !== 'uppercase'
                || getComputedStyle(first).display === 'inline';
        })
        .map(e => e.textContent.trim());
}"""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_headers_keep_their_words_whole_and_tiles_leave_no_hole(
    visit: Visit, open_admin: OpenAdmin, language: str
) -> None:
    site = await open_admin()
    page = await visit(f"{site.url}/", language=language)
    await sign_in(page)
    await expect(page.locator("#overview")).to_be_visible()
    for place in ("", "rooms", "calendars", "targets", "settings"):
        await page.goto(f"{site.url}/{place}")
        await unfold(page)
        assert await page.evaluate(SMALL_BEGINNINGS) == []
        for width in (320, 390, 640, 700, 768, 820, 1024, 1280):
            await page.set_viewport_size({"width": width, "height": 900})
            await whole_words(page)
            if not place:
                await full_rows(page, ".stats .stat")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", ["day", "week", "month", "agenda"])
async def test_every_line_begins_with_a_capital_letter(
    visit: Visit, site: Site, language: str, view: str
) -> None:
    page = await visit(site.page(f"?view={view}"), language=language)
    await unfold(page)
    for width in (1280, 768, 390, 320):
        await page.set_viewport_size({"width": width, "height": 900})

        assert await page.evaluate(SMALL_BEGINNINGS) == []


@pytest.mark.parametrize("width", [320, 390])
async def test_on_a_phone_each_line_of_the_agenda_has_the_same_room_around_it(
    visit: Visit, site: Site, width: int
) -> None:
    page = await visit(site.page("?view=agenda"), width=width)

    assert len(set(await page.evaluate(ROOM_AROUND_LINES))) == 1


@pytest.mark.parametrize("width", [390, 1280])
async def test_what_is_folded_away_keeps_a_distance_from_today(visit: Visit, site: Site, width: int) -> None:
    page = await visit(site.page("?view=agenda"), width=width)

    assert await distance(page, ".past", ".agenda-day.today") >= 12


async def distance(page: Page, above: str, below: str) -> float:
    """Return how many pixels there are between two elements."""
    return float(
        await page.evaluate(
            """([above, below]) => document.querySelector(below).getBoundingClientRect().top
                - document.querySelector(above).getBoundingClientRect().bottom""",
            [above, below],
        )
    )


async def test_a_summary_of_two_lines_does_not_touch_its_borders(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), width=320, language="ru-RU")
    summary = page.get_by_text("Программе не нравится сертификат или адрес")

    room = await summary.evaluate(
        """summary => {
            const words = document.createRange();
            words.selectNodeContents(summary);
            return words.getBoundingClientRect().top - summary.getBoundingClientRect().top;
        }"""
    )

    assert room >= 6


async def test_the_checks_themselves_find_what_is_wrong(visit: Visit, site: Site) -> None:
    page = await visit(site.page("?view=month"))
    await page.evaluate("document.querySelector('.month th').innerHTML = 'Donau'.repeat(30)")
    await page.evaluate("document.querySelector('.month th').style.overflowWrap = 'anywhere'")
    with pytest.raises(AssertionError, match="Donau"):
        await whole_words(page)
    with pytest.raises(AssertionError):
        await full_rows(page, ".after .line-when")
