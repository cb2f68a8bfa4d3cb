"""
An open subscription page that nobody tells of changes: it looks by itself, once a minute.
"""

from asyncio import Event
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.browser.conferences import NOW, RICH
from tests.browser.conftest import OpenSite
from tests.browser.site import Site
from tests.browser.test_page_live import SAID, Clock
from tests.core.given import conference, listed, once

Handle = Callable[[Route], Awaitable[None]]


async def refuse(route: Route) -> None:
    """Answer as a proxy does that allows no streams."""
    await route.fulfill(status=502, body="no streams here")


async def cut(route: Route) -> None:
    """End the connection, as often as it is tried."""
    await route.abort()


async def hold(_route: Route) -> None:
    """Never pass on what the server sends, as a proxy that collects it."""


async def pass_on(route: Route) -> None:
    await route.continue_()


async def open_page(browser: Browser, site: Site, handle: Handle) -> Page:
    """Open the page, its stream handled like this, and its clock in the test's hands."""
    page = await (await browser.new_context(locale="en-GB", timezone_id="Europe/Moscow")).new_page()
    asked = Event()

    async def note(route: Route) -> None:
        asked.set()
        await handle(route)

    await page.clock.install(time=NOW)
    await page.route("**/live", note)
    await page.goto(site.page())
    await asked.wait()
    await expect(page.locator("#next-card h3")).to_have_text("Обзор бюджета: план, факт; прогноз")
    return page


@pytest.mark.parametrize(
    ("handle", "most_open_pages"),
    [(refuse, 256), (cut, 256), (hold, 256), (pass_on, 0)],
    ids=["refused", "cut", "held back", "too many pages"],
)
async def test_without_live_updates_the_count_and_the_next_are_right_after_an_hour_all_the_same(
    browser: Browser, open_site: OpenSite, handle: Handle, most_open_pages: int
) -> None:
    clock = Clock()
    site = await open_site(clock=clock, most_open_pages=most_open_pages)
    page = await open_page(browser, site, handle)
    await expect(page.get_by_text("15 upcoming conferences")).to_be_visible()

    clock.now = NOW + timedelta(hours=5)
    await page.clock.fast_forward("05:00:00")

    await expect(page.locator("#next-card h3")).to_have_text("Daily stand-up")
    await expect(page.get_by_text("14 upcoming conferences")).to_be_visible()
    await expect(page.get_by_text(SAID)).to_have_count(0)

    new = conference("new", "Called at short notice", once("2026-10-05 13:30"))
    await site.synchronizer.accept(listed(*RICH, new, at=clock.now))
    await page.clock.fast_forward("02:00")

    await expect(page.locator("#next-card h3")).to_have_text("Called at short notice")
    await page.clock.run_for(100)
    await expect(page.get_by_role("status").filter(has_text=SAID)).to_be_visible()
    await page.context.close()


async def test_a_page_that_is_told_of_changes_does_not_look_by_itself(
    browser: Browser, open_site: OpenSite
) -> None:
    site = await open_site()
    page = await open_page(browser, site, pass_on)
    await page.evaluate("opened || new Promise(done => events.addEventListener('open', done))")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    await page.clock.fast_forward("01:00")
    await page.evaluate("0")

    assert asked == []
    await page.context.close()
