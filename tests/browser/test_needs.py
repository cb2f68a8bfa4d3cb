"""
What needs a person, in a real browser: each action by mouse, by keyboard and without scripts.
"""

from itertools import cycle

import pytest
from playwright.async_api import Locator, Page, expect

from service.core.journal import Happening, JournalQuery
from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.sources.status import SourceStatus
from service.web.schemas import TargetView
from tests.browser.admin import DESK, MINUTE, Admin, Room, sign_in
from tests.browser.conferences import NOW
from tests.browser.conftest import OpenAdmin, Visit
from tests.browser.looks import accessible, combined, fits, picture, unfold

KEEP, REMOVE, ASK, RETRY, DISMISS = "keep", "approve", "ask", "retry-target", "dismiss-rejected"
WORDS = {
    "en-GB": {
        KEEP: ("Keep them", "The conferences of ivanov@video.example.com are kept."),
        REMOVE: ("Remove 11 now", "The held list of ivanov@video.example.com was applied."),
        ASK: ("Ask now", "Room desk is being asked for its list."),
        RETRY: ("Try again", "Everything of the target radicale is being tried again."),
        DISMISS: ("Dismiss", "was dismissed."),
    },
    "ru-RU": {
        KEEP: ("Оставить", "ivanov@video.example.com"),
        REMOVE: ("Удалить сейчас: 11", "ivanov@video.example.com"),
        ASK: ("Запросить сейчас", "У Room desk запрашивается список."),
        RETRY: ("Повторить", "Всё в цели radicale пробуется заново."),
        DISMISS: ("Убрать", "убрано."),
    },
}
JOURNAL = {
    KEEP: Happening.LIST_KEPT,
    REMOVE: Happening.LIST_APPROVED,
    ASK: Happening.SOURCE_ASKED,
    RETRY: Happening.TARGET_RETRIED,
    DISMISS: Happening.REJECTED_DISMISSED,
}


async def overview(visit: Visit, site: Admin, **how: object) -> Page:
    page = await visit(f"{site.url}/", **how)
    await sign_in(page)
    await expect(page.locator("#needs")).to_be_visible()
    return page


def button(page: Page, action: str) -> Locator:
    return page.locator(f'#needs form[action$="/{action}"] button').first


async def press(page: Page, wanted: Locator) -> None:
    """Go to a button by the keyboard alone, and press it."""
    await page.locator("#needs-title").evaluate("title => { title.tabIndex = -1; title.focus(); }")
    for _ in range(60):
        if await wanted.evaluate("button => button === document.activeElement"):
            break
        await page.keyboard.press("Tab")
    await expect(wanted).to_be_focused()
    await page.keyboard.press("Enter")


LANGUAGES = cycle(WORDS)
"""Each action in both; not each way in both, since the words are not what a way changes."""


@pytest.mark.parametrize(
    ("action", "way", "language"),
    [(action, way, next(LANGUAGES)) for action in JOURNAL for way in ("mouse", "keyboard", "no-scripts")],
)
async def test_each_action_is_done(
    visit: Visit, open_admin: OpenAdmin, language: str, action: str, way: str
) -> None:
    label, answer = WORDS[language][action]
    site = await open_admin()
    page = await overview(visit, site, language=language, javascript=way == "mouse")
    wanted = button(page, action)
    await expect(wanted).to_contain_text(label)
    await (press(page, wanted) if way == "keyboard" else wanted.click())

    await expect(page.get_by_role("status").filter(has_text=answer).first).to_be_visible()
    entries = await site.parts.store.journal.read(JournalQuery(frozenset({JOURNAL[action]})))
    assert len(entries) == 1


async def test_a_room_that_is_well_again_leaves_the_list_within_a_second(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    site = await open_admin()
    page = await overview(visit, site)
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    room = page.locator("#needs li.room")
    await expect(room).to_have_count(1)

    well = SourceStatus("desk", SourceState.LISTENING, DESK, NOW, "", NOW)
    site.parts.reporter.endpoints = (Room(well),)
    site.parts.live.notify()

    await expect(room).to_have_count(0, timeout=1000)


async def test_the_focus_stays_on_its_button_while_the_list_follows_what_happens(
    visit: Visit, open_admin: OpenAdmin
) -> None:
    site = await open_admin()
    page = await overview(visit, site)
    await expect(page.locator("[data-live-status]")).to_have_text("Live")
    await button(page, KEEP).focus()

    site.parts.targets.shown = [TargetView("nextcloud", TargetState.IN_STEP, "all", 0, NOW - MINUTE)]
    site.parts.live.notify()

    await expect(page.locator("#needs li.target")).to_have_count(0)
    await expect(button(page, KEEP)).to_be_focused()


@pytest.mark.parametrize(("scheme", "language"), combined(["light", "dark"], [*WORDS]))
async def test_everybody_can_use_the_list(
    visit: Visit, open_admin: OpenAdmin, language: str, scheme: str
) -> None:
    site = await open_admin()
    page = await overview(visit, site, language=language, scheme=scheme)
    await accessible(page)
    await unfold(page)
    await accessible(page)
    for width in (360, 768, 1920):
        await page.set_viewport_size({"width": width, "height": 900})
        await fits(page)
    await picture(page, f"needs-{language[:2]}-{scheme}")
