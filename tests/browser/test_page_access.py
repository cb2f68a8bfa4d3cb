"""
The subscription page for everybody: read aloud, enlarged, narrow, wide, by keyboard, without scripts.
"""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenSite, Visit
from tests.browser.looks import accessible, combined, fits, picture, unfold
from tests.browser.site import Site

LANGUAGES = ["en-GB", "ru-RU"]
SCHEMES = ["light", "dark"]
VIEWS = ["day", "week", "month", "agenda"]
LOOKED_AT = (1920, 640, 320)
"""640 is what a window of 1280 has when the page is enlarged twice."""

REACHED = """() => {
    const at = document.activeElement;
    const {top, bottom} = at.getBoundingClientRect();
    const drawn = getComputedStyle(at);
    const seen = bottom > 0 && top < innerHeight && drawn.outlineStyle !== 'none' && at.checkVisibility();
    return at === document.body ? null : [[...document.querySelectorAll('*')].indexOf(at), seen];
}"""

REACHABLE = """() => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]), select, summary, [tabindex="0"]')]
    .filter(e => e.checkVisibility() && !e.disabled && (e.type !== 'radio' || e.checked))
    .map(e => [...document.querySelectorAll('*')].indexOf(e))"""


@pytest.mark.parametrize(("view", "language", "scheme"), combined(VIEWS, LANGUAGES, SCHEMES))
async def test_nobody_is_shut_out(visit: Visit, site: Site, language: str, scheme: str, view: str) -> None:
    page = await visit(site.page(f"?view={view}"), language=language, scheme=scheme, width=1280)
    await picture(page, f"calendar-{view}-{language[:2]}-{scheme}-1280")
    await unfold(page)
    # The dark colours move nothing.
    for width in LOOKED_AT if scheme == "light" else (LOOKED_AT[0], LOOKED_AT[-1]):
        await page.set_viewport_size({"width": width, "height": 900})
        await accessible(page)
    await picture(page, f"calendar-{view}-{language[:2]}-{scheme}-{width}")


@pytest.mark.thorough
@pytest.mark.parametrize(("language", "scheme"), combined(LANGUAGES, SCHEMES))
async def test_nobody_is_shut_out_who_has_subscribed_or_has_no_scripts(
    visit: Visit, site: Site, language: str, scheme: str
) -> None:
    page = await visit(site.page("?subscribed=1"), language=language, scheme=scheme)
    await check_at_both_ends(page)
    # axe-core is a script itself: those of the page are empty, rather than all forbidden.
    await page.route("**/*.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    for query in ("?subscribed=1&view=agenda", "?subscribed=0"):
        await page.goto(site.page(query))
        await expect(page.locator("[data-copy=address]")).to_be_hidden()
        await check_at_both_ends(page)


async def check_at_both_ends(page: Page) -> None:
    """See that the page fits into the widest and the narrowest window, and is accessible in that."""
    await unfold(page)
    for width in (LOOKED_AT[0], LOOKED_AT[-1]):
        await page.set_viewport_size({"width": width, "height": 900})
        await fits(page)
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
@pytest.mark.parametrize("view", VIEWS)
async def test_nothing_is_wider_than_the_window(visit: Visit, site: Site, language: str, view: str) -> None:
    page = await visit(site.page(f"?view={view}"), language=language, javascript=False)
    await unfold(page)
    for width in (1920, 1280, 1024, 768, 640, 320):
        await page.set_viewport_size({"width": width, "height": 900})
        await fits(page)
    await picture(page, f"calendar-{view}-{language[:2]}-320")


@pytest.mark.thorough
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("view", VIEWS)
async def test_nothing_is_wider_than_the_window_when_it_is_enlarged_twice(
    visit: Visit, site: Site, language: str, view: str
) -> None:
    # A window of 1280 pixels has 640 of the page's own then, each drawn with two.
    page = await visit(site.page(f"?view={view}"), language=language, width=640, scale=2, javascript=False)
    await unfold(page)

    await fits(page)


@pytest.mark.parametrize("view", VIEWS)
async def test_everything_to_press_is_large_enough_for_a_finger(visit: Visit, site: Site, view: str) -> None:
    for width in (1280, 360):
        page = await visit(site.page(f"?view={view}&day=2026-10-21"), width=width)
        await unfold(page)
        # By hours a meeting is as high as it lasts, but never less than WCAG 2.2 wants (2.5.8).
        small = await page.evaluate(
            """() => [...document.querySelectorAll('a, button, summary, select, input, label:has(input)')]
                .filter(e => e.type !== 'radio')
                .filter(e => e.checkVisibility() && !e.classList.contains('skip'))
                .filter(e => e.getBoundingClientRect().height < (e.closest('.column-hours') ? 24 : 43.5))
                .map(e => e.outerHTML.slice(0, 120))"""
        )
        assert small == []


async def test_the_keyboard_reaches_the_content_at_once(visit: Visit, site: Site) -> None:
    page = await visit(site.page())

    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")

    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("view", VIEWS)
async def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    visit: Visit, site: Site, view: str
) -> None:
    page = await visit(site.page(f"?view={view}"))
    await page.evaluate("document.querySelector('#ways').open = true")
    expected = await page.evaluate(REACHABLE)

    reached: list[tuple[int, bool]] = []
    while len(reached) <= len(expected):
        await page.keyboard.press("Tab")
        found = await page.evaluate(REACHED)
        if found is None:
            break
        reached.append(found)

    assert [number for number, seen in reached if not seen] == []
    assert [number for number, _ in reached] == expected


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
