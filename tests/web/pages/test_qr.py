"""
Addresses as QR codes, and those that no QR code holds.
"""

import pytest

from service.core.conference import Account
from service.web.pages.qr import fits_qr, qr_svg
from tests.core.given import conference, listed
from tests.web.administered import administered
from tests.web.given import BASE, served


@pytest.mark.parametrize("text", ["x", "x" * 2331, "x" * 2332])
def test_what_is_said_to_fit_is_drawn(text: str) -> None:
    assert fits_qr(text) is (qr_svg(text) is not None)


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
    account = Account("a" * 250, "b" * 250)
    async with administered(url=f"{BASE}/".ljust(2000, "p")) as site:
        await site.accept(listed(conference(), account=account))
        token = site.feeds.addresses.tokens[str(account)]
        page = await site.client.get(f"{BASE}/calendars/{token}")

    assert page.status_code == 200
    # A file name is cut to a length that fits, and the page's own address has no name in it.
    assert page.text.count('class="qr"') == 2
