"""
What a subscriber chooses on the page: the address, the links and the codes say it, and the feed obeys.
"""

import html
import re
from dataclasses import replace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from service.web.pages.qr import qr_svg
from tests.core.given import conference, listed, once
from tests.web.document import Document
from tests.web.given import Web

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"


def address(text: str) -> str:
    """Return the address that the page shows."""
    found = re.search(r'id="address" type="text" readonly value="([^"]+)"', text)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize(
    ("query", "chosen"),
    [
        ("", ""),
        ("?reminder=none&free=0", ""),
        ("?reminder=15", "reminder=15"),
        ("?reminder=PT1H", "reminder=60"),
        ("?reminder=0&free=1", "reminder=0&free=1"),
        ("?free=1&reminder=7", "free=1"),
        ("?free=maybe&reminder=%3Cscript%3E", ""),
    ],
)
async def test_the_address_says_what_was_chosen_and_nothing_else(web: Web, query: str, chosen: str) -> None:
    given = web.feeds.addresses.feed_url("all")

    text = (await web.page(query=query)).text

    assert address(text) == (f"{given}?{chosen}" if chosen else given)


async def test_links_codes_and_the_download_have_the_choice_too(web: Web) -> None:
    text = (await web.page(query="?reminder=10&free=1&month=2026-11", user_agent=MAC)).text

    chosen = f"{web.feeds.addresses.feed_url('all')}?reminder=10&free=1"
    links = [html.unescape(link) for link in Document(text).links]
    assert chosen.replace("https:", "webcal:") in links
    assert f"{chosen}&download" in links
    google = next(link for link in links if "cid=" in link)
    assert unquote(parse_qs(urlsplit(google).query)["cid"][0]) == chosen.replace("https:", "webcal:")
    assert 'src="?reminder=10&amp;free=1&amp;qr=feed"' in text
    feed = await web.page(query="?reminder=10&free=1&qr=feed")
    page = await web.page(query="?reminder=10&free=1&qr=page")
    assert feed.text == str(qr_svg(chosen))
    assert page.text == str(qr_svg(f"{web.feeds.addresses.page_url('all')}?reminder=10&free=1"))
    assert feed.headers["content-type"].startswith("image/svg+xml")
    assert feed.headers["cache-control"] == "no-store"
    assert "With your choice: 10 minutes before, shown as free." in Document(text).words


async def test_the_address_of_the_page_leads_to_a_feed_with_the_reminder(web: Web) -> None:
    await web.accept(listed(conference("1", "Stand-up", once("2026-10-06 09:00"))))

    url = urlsplit(address((await web.page(query="?reminder=30&free=1")).text))
    feed = (await web.client.get(f"{url.path}?{url.query}")).text

    assert "TRIGGER:-PT30M" in feed
    assert "TRANSP:TRANSPARENT" in feed


async def test_the_form_shows_what_is_chosen_and_keeps_the_month(web: Web) -> None:
    text = (await web.page(query="?reminder=5&month=2026-11")).text
    form = text.partition('<form class="stack" method="get" action="#subscribe">')[2].partition("</form>")[0]

    assert '<option value="5" selected>5 minutes before</option>' in form
    assert '<option value="0" selected>shown as busy</option>' in form
    assert '<input type="hidden" name="month" value="2026-11">' in form


async def test_of_a_calendar_that_is_free_anyway_busy_is_the_choice(web: Web) -> None:
    calendars = web.feeds.directory.calendars
    web.feeds.directory.calendars = {**calendars, "all": replace(calendars["all"], free=True)}

    assert address((await web.page(query="?free=1")).text).endswith(".ics")
    assert address((await web.page(query="?free=0")).text).endswith(".ics?free=0")


async def test_the_language_switch_keeps_the_choice(web: Web) -> None:
    links = Document((await web.page(query="?reminder=15&evil=1")).text).links

    assert "?reminder=15&lang=ru" in links
