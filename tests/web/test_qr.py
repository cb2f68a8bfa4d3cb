"""
Addresses as QR codes, and those that no QR code holds.
"""

import pytest

from service.core.conference import Account
from service.web.qr import qr_svg
from tests.core.given import conference, listed
from tests.web.administered import administered
from tests.web.given import BASE, served


def test_what_fits_is_drawn_and_what_does_not_is_left_out() -> None:
    assert qr_svg("x" * 2331)
    assert qr_svg("x" * 2332) is None
    assert qr_svg("https://пример.рф/" + "я" * 3000) is None


@pytest.mark.parametrize(("length", "codes"), [(100, 2), (2300, 0), (8000, 0), (2286, 1)])
async def test_a_page_below_a_long_address_stands_with_the_codes_that_fit(length: int, codes: int) -> None:
    url = f"{BASE}/".ljust(length, "p")
    async with served(public_url=url) as web:
        await web.accept(listed(conference()))
        page = await web.page()

    assert page.status_code == 200
    assert page.text.count('class="qr"') == codes
    assert ("QR codes for a phone" in page.text) == (codes > 0)


async def test_a_calendar_with_a_long_name_has_a_page() -> None:
    account = Account("a" * 3000, "video.example.com")
    async with administered() as site:
        await site.accept(listed(conference(), account=account))
        page = await site.client.get(site.feeds.addresses.page_url(str(account)))

    assert page.status_code == 200
    assert page.text.count('class="qr"') == 1
