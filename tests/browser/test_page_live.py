"""
A subscription page that stays open: it follows changes and the hour, and disturbs nobody.
"""

from datetime import datetime, timedelta

from playwright.async_api import Page, expect

from tests.browser.conferences import NOW, RICH
from tests.browser.conftest import OpenSite, Visit
from tests.browser.looks import accessible
from tests.core.given import conference, listed, once

SAID = "Updated: the conferences have changed."


class Clock:
    """A clock that is set."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now


async def follows(page: Page) -> None:
    """Wait until the page is told of changes."""
    await page.evaluate(
        """() => new Promise(done => {
            if (events.readyState === EventSource.OPEN) done();
            else events.addEventListener("open", done);
        })"""
    )


async def test_an_open_page_shows_a_change_and_says_so_without_taking_the_focus(
    visit: Visit, open_site: OpenSite
) -> None:
    site = await open_site()
    page = await visit(site.page("?view=agenda"))
    await follows(page)
    link = page.locator(".schedule-tools").get_by_role("link", name="Month", exact=True)
    await link.focus()
    await expect(page.get_by_text(SAID)).to_have_count(0)

    new = conference("new", "Called at short notice", once("2026-10-05 09:00"))
    await site.synchronizer.accept(listed(*RICH, new, at=NOW + timedelta(minutes=1)))

    await expect(page.locator("#next-card h3")).to_have_text("Called at short notice")
    await expect(page.locator(".agenda-day.today .line").first).to_contain_text("Called at short notice")
    await expect(page.get_by_role("status").filter(has_text=SAID)).to_be_visible()
    await expect(page.get_by_text("16 upcoming conferences")).to_be_visible()
    await expect(link).to_be_focused()
    await accessible(page)


async def test_after_an_hour_the_count_and_the_next_are_right_and_nothing_is_said(
    visit: Visit, open_site: OpenSite
) -> None:
    clock = Clock()
    site = await open_site(clock=clock)
    page = await visit(site.page())
    await follows(page)
    await expect(page.locator("#next-card h3")).to_have_text("Обзор бюджета: план, факт; прогноз")

    clock.now = NOW + timedelta(hours=5)
    site.live.notify()

    await expect(page.locator("#next-card h3")).to_have_text("Daily stand-up")
    await expect(page.get_by_text("14 upcoming conferences")).to_be_visible()
    await expect(page.locator("#stale")).to_contain_text("Room lobby has been silent since")
    await expect(page.get_by_text(SAID)).to_have_count(0)


async def test_what_somebody_types_and_has_opened_stays(visit: Visit, open_site: OpenSite) -> None:
    site = await open_site()
    page = await visit(site.page("?view=agenda"))
    await follows(page)
    await page.get_by_text("Earlier this month").click()
    await page.get_by_role("searchbox").fill("half a wo")

    new = conference("new", "Called at short notice", once("2026-10-05 09:00"))
    await site.synchronizer.accept(listed(*RICH, new, at=NOW + timedelta(minutes=1)))

    await expect(page.locator("#next-card h3")).to_have_text("Called at short notice")
    await expect(page.get_by_role("searchbox")).to_have_value("half a wo")
    await expect(page.locator(".agenda").get_by_text("Kick-off that is over")).to_be_visible()


async def test_when_the_address_is_replaced_the_open_page_says_so(visit: Visit, open_site: OpenSite) -> None:
    site = await open_site()
    page = await visit(site.page())
    await follows(page)
    await site.feeds.directory.rotate("all", NOW)
    site.live.notify()

    await expect(page.get_by_role("heading", name="This calendar has a new address")).to_be_visible()
