"""
From the link to a subscription, in a real browser.
"""

import asyncio
from io import BytesIO
from urllib.parse import urlsplit

import zxingcpp
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenSite, Visit
from tests.browser.site import Site

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"


DRAWN_SECONDS = 30


async def read_code(code: Locator) -> str:
    """Return what a phone's camera would read from the code once it is drawn."""
    async with asyncio.timeout(DRAWN_SECONDS):
        found = zxingcpp.read_barcodes(Image.open(BytesIO(await code.screenshot())))
        while not found:
            await asyncio.sleep(0.1)
            found = zxingcpp.read_barcodes(Image.open(BytesIO(await code.screenshot())))
    assert len(found) == 1
    return found[0].text


async def pasted(page: Page) -> str:
    """Return what Ctrl+V types into a field."""
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('textarea'), {id: 'pasted'}))"
    )
    await page.locator("#pasted").focus()
    await page.keyboard.press("Control+V")
    return await page.locator("#pasted").input_value()


async def test_the_address_is_copied_with_one_button_and_the_page_says_so(visit: Visit, site: Site) -> None:
    page = await visit(site.page())
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    await page.get_by_role("button", name="Copy").click()

    await expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    assert await pasted(page) == site.feed_url()


async def test_without_a_clipboard_the_address_is_selected_and_the_page_says_which_keys(
    visit: Visit, site: Site
) -> None:
    page = await visit(site.page())
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")

    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("status").filter(has_text="Ctrl+C")).to_be_visible()
    await page.keyboard.press("Control+C")

    assert await pasted(page) == site.feed_url()


async def test_on_a_mac_one_link_subscribes(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=MAC)

    link = page.get_by_role("link", name="Add to Apple Calendar")

    assert await link.get_attribute("href") == site.feed_url().replace("https:", "webcal:")
    assert (await link.bounding_box() or {"y": 9999})["y"] < 500


async def test_where_the_link_opens_nothing_the_steps_are_one_press_away(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=IPHONE, width=390, javascript=False)
    step = page.locator(".subscribe").get_by_text("Add Subscription Calendar")
    await expect(step).to_be_hidden()

    await page.get_by_text("If nothing opens").click()

    await expect(step).to_be_visible()
    await expect(page.locator("[data-way=outlook] a")).to_have_count(0)


async def test_on_windows_both_outlooks_stand_side_by_side(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=WINDOWS, javascript=False)

    new = await page.get_by_role("link", name="Add to new Outlook or Microsoft 365").bounding_box()
    classic = await page.get_by_role("link", name="Add to classic Outlook").bounding_box()

    assert new
    assert classic
    assert abs(new["y"] - classic["y"]) < 2
    assert abs(new["width"] - classic["width"]) < 2
    assert max(new["y"], classic["y"]) < 500


async def test_another_program_is_chosen_and_shown_alone(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=WINDOWS, javascript=False)
    host = urlsplit(site.feed_url()).hostname
    google, thunderbird = (page.locator(f"[data-way={name}]") for name in ("google", "thunderbird"))

    await page.get_by_text("Another program").click()
    await expect(google).to_be_visible()
    assert await google.get_by_role("link", name="Add to Google Calendar").get_attribute("href") == (
        f"https://calendar.google.com/calendar/r?cid=webcal%3A%2F%2F{host}"
        f"%2Ffeeds%2F{site.feeds.addresses.tokens['all']}%2Fall.ics"
    )
    await page.get_by_text("Thunderbird", exact=True).first.click()

    await expect(thunderbird.get_by_text("Find Calendars")).to_be_visible()
    await expect(google).to_be_hidden()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("[data-way=gnome]")).to_be_visible()
    await expect(thunderbird).to_be_hidden()


async def test_for_google_the_address_is_copied_and_its_form_opened(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=WINDOWS)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.context.route("https://calendar.google.com/**", lambda route: route.fulfill(body="Google"))
    await page.get_by_text("Another program").click()

    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="Copy the address and open From URL").click()

    assert (await opened.value).url == "https://calendar.google.com/calendar/u/0/r/settings/addbyurl"
    await page.bring_to_front()
    assert await pasted(page) == site.feed_url()


async def test_after_copying_the_schedule_comes_first_when_the_page_is_opened_again(
    visit: Visit, site: Site
) -> None:
    page = await visit(site.page())
    await page.get_by_role("button", name="Copy").click()
    await page.reload()

    await expect(page.get_by_role("heading", name="Subscribe on another device")).to_be_visible()
    assert await top(page, "#schedule-title") < 900
    await page.get_by_role("link", name="Show this at the top again").click()
    await expect(page.get_by_role("heading", name="Subscribe", exact=True)).to_be_in_viewport()


async def test_without_scripts_somebody_says_that_they_subscribed(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), javascript=False)

    await page.get_by_role("link", name="I have subscribed").click()
    await page.goto(site.page())

    await expect(page.get_by_role("heading", name="Subscribe on another device")).to_be_visible()


async def top(page: Page, selector: str) -> float:
    """Return how far below the beginning of the page an element begins."""
    return float(
        await page.evaluate("s => document.querySelector(s).getBoundingClientRect().top + scrollY", selector)
    )


async def test_a_reminder_is_chosen_without_scripts_and_the_code_says_it(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), javascript=False)
    await page.get_by_text("Reminders, busy or free").click()
    await page.get_by_label("Reminder").select_option("15")
    await page.get_by_label("The time of conferences").select_option("shown as free")
    await page.get_by_role("button", name="Change the address").click()

    await expect(page.get_by_label("Address of the calendar")).to_have_value(
        f"{site.feed_url()}?reminder=15&free=1"
    )
    await expect(page.get_by_text("With your choice: 15 minutes before, shown as free.")).to_be_visible()
    await page.get_by_text("QR codes for a phone").click()
    code = page.get_by_role("img", name="QR code of the calendar's address")
    assert await read_code(code) == f"{site.feed_url()}?reminder=15&free=1"


async def test_the_codes_are_folded_away_and_lead_to_the_page_and_to_the_feed(
    visit: Visit, site: Site
) -> None:
    for scheme in ("light", "dark"):
        page = await visit(site.page(), scheme=scheme)
        of_feed = page.get_by_role("img", name="QR code of the calendar's address")
        of_page = page.get_by_role("img", name="QR code of this page")
        await expect(of_feed).to_be_hidden()

        await page.get_by_text("QR codes for a phone").click()

        assert await read_code(of_feed) == site.feed_url()
        assert await read_code(of_page) == site.feeds.addresses.page_url("all")


async def test_the_file_is_downloaded_once(visit: Visit, open_site: OpenSite) -> None:
    site = await open_site(public_url="")
    page = await visit(site.page())
    await page.get_by_text("Download once").click()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Download the file").click()
    download = await started.value

    assert download.suggested_filename == "all.ics"
    assert (await download.path()).read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")


async def test_on_an_android_phone_the_steps_for_its_app_come_first(visit: Visit, site: Site) -> None:
    page = await visit(site.page(), agent=ANDROID, width=390)

    first = page.locator("[data-way]").first

    assert await first.get_attribute("data-way") == "icsx5"
    await expect(first.get_by_text("Install ICSx5")).to_be_visible()
    await page.get_by_text("Another program").click()
    google = page.locator("[data-way=google]")
    await page.get_by_text("Google Calendar", exact=True).first.click()
    await expect(google.get_by_text("Open this page on a computer")).to_be_visible()
    assert await google.get_by_role("link", disabled=True).count() == 1


async def test_in_a_private_network_the_clouds_are_grey_and_say_why(
    visit: Visit, open_site: OpenSite
) -> None:
    site = await open_site(public_url="http://10.0.0.15:8080")
    page = await visit(site.page(), agent=MAC)

    await page.get_by_text("Another program").click()
    for way in ("google", "outlook-com", "microsoft-365", "yandex"):
        await page.locator(f"#choose-{way}").check()
        card = page.locator(f"[data-way={way}]")
        await expect(card.get_by_text("it belongs to a private network")).to_be_visible()
        assert await card.locator("a[href]").count() == 0
    assert await page.locator("a[href^=webcal]").count() == 0
    await expect(page.locator("[data-way=apple]").get_by_text("is not secure (https)")).to_be_visible()
    await expect(page.locator("[data-way=apple]").get_by_text("New Calendar Subscription")).to_be_visible()
