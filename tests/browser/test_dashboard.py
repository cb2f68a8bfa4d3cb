"""
The administrator's pages in a real browser.
"""

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.browser.admin import DESK, TARGETS, Admin, sign_in
from tests.browser.conferences import NOW
from tests.browser.conftest import OpenAdmin, Visit
from tests.browser.looks import accessible, combined, fits, picture, unfold
from tests.core.given import conference, listed

WORDS = {
    "en-GB": ("Overview", "Sign out", "This is not the admin token", "waits for you"),
    "ru-RU": ("Обзор", "Выйти", "Это не токен администратора", "ждёт вашего решения"),
}

PLACES = ("", "rooms", "calendars", "conferences", "targets", "journal", "settings")

BROKEN_HEADERS = """() => [...document.querySelectorAll('thead th')].filter(th => {
    const range = document.createRange();
    range.selectNodeContents(th);
    const lines = new Set([...range.getClientRects()].map(r => Math.round(r.top))).size;
    return lines > Math.max(1, th.textContent.trim().split(/\\s+/).length);
}).map(th => th.textContent)"""
"""Heads of columns with more lines than words."""

HOLES = """() => {
    const list = document.querySelector('.stats'), right = list.getBoundingClientRect().right;
    const ends = new Map();
    for (const tile of list.children) {
        const box = tile.getBoundingClientRect(), top = Math.round(box.top);
        ends.set(top, Math.max(ends.get(top) ?? 0, box.right));
    }
    return [...ends.values()].filter(end => right - end > 2);
}"""
"""Rows of tiles that end before the frame does."""


async def dashboard(visit: Visit, site: Admin, place: str = "", **how: object) -> Page:
    """Return a page, the overview where none is named, after signing in."""
    page = await visit(f"{site.url}/{place}", **how)
    await sign_in(page)
    await expect(page.locator(".places [aria-current=page]")).to_be_visible()
    await expect(page).to_have_url(f"{site.url}/{place}")
    return page


async def status_of(site: Admin, path: str) -> int:
    async with httpx.AsyncClient(base_url=site.url) as client:
        return (await client.get(path)).status_code


def feed_path(site: Admin, calendar: str) -> str:
    """Return the path of a feed under whatever address it is handed out."""
    return site.parts.feeds.addresses.feed_url(calendar).removeprefix(site.parts.feeds.addresses.public_url)


@pytest.mark.parametrize("language", WORDS)
async def test_the_administrator_signs_in_and_out(visit: Visit, open_admin: OpenAdmin, language: str) -> None:
    title, out, wrong, _ = WORDS[language]
    site = await open_admin()
    page = await visit(f"{site.url}/", language=language)
    await sign_in(page, "a wrong token of the tests")
    await expect(page.get_by_role("alert")).to_contain_text(wrong)

    await sign_in(page)
    await expect(page.get_by_role("heading", name=title)).to_be_visible()

    await page.get_by_role("button", name=out).click()
    await expect(page.locator("#token")).to_be_visible()
    await page.goto(f"{site.url}/")
    await expect(page.locator("#token")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
async def test_a_held_list_is_looked_at_and_approved(
    visit: Visit, open_admin: OpenAdmin, *, javascript: bool
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, javascript=javascript)
    held = page.locator(".card.held")
    await held.get_by_text("What would be removed").click()
    await expect(held.get_by_text("Topic 9")).to_be_visible()
    await held.get_by_role("button", name="Remove 11 now").click()

    await expect(page.get_by_role("status").first).to_be_visible()
    await expect(page.get_by_text("The held list of ivanov@video.example.com was applied.")).to_be_visible()
    await expect(page.locator(".card.held")).to_have_count(0)
    assert len(site.parts.synchronizer.state.account(DESK).reported) == 3


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
async def test_a_link_is_replaced_and_the_old_feed_is_gone(
    visit: Visit, open_admin: OpenAdmin, *, javascript: bool
) -> None:
    site = await open_admin()
    old = feed_path(site, "board")
    assert await status_of(site, old) == 200
    page = await dashboard(visit, site, "calendars", javascript=javascript)
    await page.locator("#link-board summary").click()
    await page.locator("#link-board").get_by_role("checkbox").check()
    await page.locator("#link-board").get_by_role("button", name="Replace the link").click()

    await expect(page.get_by_text("The calendar board has a new link.")).to_be_visible()
    await expect(page.locator("#new-link")).to_have_value(site.parts.feeds.addresses.page_url("board"))
    await fits(page)
    if javascript:
        await accessible(page)
        await picture(page, "dashboard-new-link")
    assert await status_of(site, old) == 410
    assert await status_of(site, feed_path(site, "board")) == 200
    await expect(page.locator("#link-board input[readonly]").last).to_have_value(
        site.parts.feeds.addresses.feed_url("board")
    )


async def test_one_click_ends_no_link(visit: Visit, open_admin: OpenAdmin) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, "calendars")
    await page.locator("#link-board summary").click()
    await page.locator("#link-board").get_by_role("button", name="Replace the link").click()

    await expect(page.locator("#link-board").get_by_role("checkbox")).to_be_focused()
    assert await status_of(site, feed_path(site, "board")) == 200


async def test_a_link_is_copied(visit: Visit, open_admin: OpenAdmin) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, "calendars")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.locator("#link-board summary").click()
    await page.locator("#link-board").get_by_role("button", name="Copy").first.click()

    await expect(page.locator("#link-board [data-copy-status]").first).to_have_text("Copied.")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == site.parts.feeds.addresses.page_url("board")


async def test_the_page_follows_what_happens_and_keeps_what_is_open(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, "calendars")
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    await page.locator("#link-all summary").click()
    await page.locator("#link-all").get_by_role("checkbox").check()
    await page.locator("#link-all summary").focus()
    fresh = conference("777", "A conference that was just planned")
    await site.parts.accept(listed(fresh, account=DESK, at=NOW, source="desk"))
    events = page.locator("tr", has=page.locator("#link-all")).locator("[data-label=Events]")
    before = await events.inner_text()
    await site.parts.synchronizer.approve(DESK, now=NOW)

    await expect(events).not_to_have_text(before)
    assert await page.locator("#link-all").get_attribute("open") is not None
    await expect(page.locator("#link-all").get_by_role("checkbox")).to_be_checked()
    # What is replaced by a fresh copy still copies.
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.locator("#link-all").get_by_role("button", name="Copy").first.click()
    await expect(page.locator("#link-all [data-copy-status]").first).to_have_text("Copied.")


async def test_a_search_that_is_being_typed_is_left_alone(visit: Visit, open_admin: OpenAdmin) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, "calendars")
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    await page.locator("#like").press_sequentially("boa")
    async with page.expect_response("**/calendars"):
        await site.parts.synchronizer.approve(DESK, now=NOW)

    await expect(page.locator("#like")).to_have_value("boa")
    await page.locator("#like").press("Enter")
    await expect(page.locator("#link-board")).to_be_visible()
    await expect(page.locator("#link-all")).to_have_count(0)


async def test_the_session_of_a_page_that_is_left_open_ends_with_the_form(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site)
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    await page.context.clear_cookies(name="confcal")
    site.parts.live.notify()

    await expect(page.locator("#token")).to_be_visible()


async def test_whoever_signed_in_and_has_no_cookie_is_told_where_to_go(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    site = await open_admin(url="https://calendars.example.com")
    # A browser keeps a Secure cookie of this machine without TLS too: here it comes without one.
    page = await visit(f"{site.url}/?signed-in=")

    await expect(page.get_by_role("alert")).to_contain_text("did not keep the cookie")
    await expect(page.get_by_role("link", name="https://calendars.example.com")).to_be_visible()
    await accessible(page)
    await picture(page, "sign-in-without-cookie")


@pytest.mark.parametrize("language", WORDS)
async def test_no_header_is_broken_and_no_row_of_tiles_has_a_hole(
    visit: Visit, open_admin: OpenAdmin, language: str
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, language=language)
    for place, fault in (("", HOLES), ("calendars", BROKEN_HEADERS), ("rooms", BROKEN_HEADERS)):
        await page.goto(f"{site.url}/{place}")
        for width in (320, 640, 700, 768, 820, 1024, 1280):
            await page.set_viewport_size({"width": width, "height": 900})
            assert await page.evaluate(fault) == [], (place, width)


@pytest.mark.parametrize(("scheme", "language"), combined(["light", "dark"], [*WORDS]))
async def test_everybody_can_use_the_pages(
    visit: Visit, open_admin: OpenAdmin, language: str, scheme: str
) -> None:
    name = f"{language[:2]}-{scheme}"
    site = await open_admin()
    page = await visit(f"{site.url}/", language=language, scheme=scheme)
    await sign_in(page, "a wrong token of the tests")
    await expect(page.get_by_role("alert")).to_be_visible()
    await accessible(page)
    await picture(page, f"sign-in-{name}")

    await sign_in(page)
    await expect(page.get_by_text(WORDS[language][3])).to_be_visible()
    await accessible(page)
    await picture(page, f"dashboard-{name}")

    for place in PLACES:
        await page.goto(f"{site.url}/{place}")
        await unfold(page)
        await accessible(page)
        await picture(page, f"dashboard-{place}-{name}")


async def test_the_pages_are_gone_through_by_the_keyboard(visit: Visit, open_admin: OpenAdmin) -> None:
    site = await open_admin()
    page = await dashboard(visit, site)
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for words, place in (("Rooms", "rooms"), ("Settings", "settings"), ("Overview", "")):
        link = page.locator(".places").get_by_role("link", name=words)
        await link.focus()
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(f"{site.url}/{place}")
        await expect(page.get_by_role("heading", name=words, level=1)).to_be_visible()
        await expect(link).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize(
    ("part", "address"), [("sources", "rooms"), ("rejected", "rooms#rejected"), ("settings", "settings")]
)
async def test_an_old_link_to_a_part_of_the_page_leads_to_its_page(
    visit: Visit, open_admin: OpenAdmin, part: str, address: str
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site)
    await page.goto("about:blank")
    await page.goto(f"{site.url}/#{part}")

    await expect(page).to_have_url(f"{site.url}/{address}")


@pytest.mark.parametrize("place", ["rooms", "targets"])
async def test_a_page_follows_what_happens(visit: Visit, open_admin: OpenAdmin, place: str) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, place)
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    site.parts.reporter.endpoints = ()
    site.parts.targets.shown = TARGETS[:1]
    site.parts.live.notify()

    await expect(page.locator(".grid > .card")).to_have_count(1)


async def test_a_page_in_the_background_gives_its_connection_back(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    admin = await open_admin()
    page = await visit(admin.url)
    await sign_in(page)
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    hide = "Object.defineProperty(document, 'hidden', {value: %s, configurable: true});"
    told = "document.dispatchEvent(new Event('visibilitychange'))"

    await page.evaluate(hide % "true" + told)
    assert await page.evaluate("events") is None
    await admin.parts.accept(listed(conference("77"), account=DESK, source="desk", at=NOW))
    await page.evaluate(hide % "false" + told)

    assert await page.evaluate("events.readyState") in (0, 1)
    await expect(page.locator("#needs")).not_to_contain_text("11 of 14")


@pytest.mark.thorough
@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize(("width", "scale"), [(320, 1), (640, 2), (768, 1)])
async def test_nothing_is_cut_off_on_a_phone_or_enlarged(
    visit: Visit, open_admin: OpenAdmin, language: str, width: int, scale: float
) -> None:
    site = await open_admin()
    page = await dashboard(visit, site, language=language, width=width, scale=scale)
    for place in PLACES:
        await page.goto(f"{site.url}/{place}")
        await unfold(page)

        await fits(page)
        if not place:
            await accessible(page)
        await picture(page, f"dashboard-{place}-{language[:2]}-{width}")


async def test_a_dashboard_that_is_off_is_a_page_too(visit: Visit, open_admin: OpenAdmin) -> None:
    site = await open_admin(ADMIN_TOKEN="")
    page = await visit(f"{site.url}/", status=404)

    await expect(page.get_by_role("heading", name="The dashboard is off")).to_be_visible()
    await accessible(page)
