"""
The pictures of the README: made by a real Chromium, small, light and dark. `make pictures` keeps them.
"""

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.admin import sign_in
from tests.browser.conftest import OpenAdmin, Visit
from tests.browser.site import Site

KEPT = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 60_000
WIDTH, HEIGHT = 1100, 760
SMALL = (800, 553)
DARKEST_OF_LIGHT, LIGHTEST_OF_DARK = 160, 96
SCHEMES = ("light", "dark")


def shrink(taken: bytes) -> bytes:
    """Return a picture at the size of a page on a code host, with few colors."""
    with Image.open(BytesIO(taken)) as image:
        small = image.convert("RGB").resize(SMALL, Image.Resampling.LANCZOS)
    out = BytesIO()
    small.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def keep(name: str, picture: bytes) -> None:
    """Check a picture, and keep it where `make pictures` wants it."""
    assert len(picture) < MOST_BYTES
    folder = os.environ.get("PICTURES")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / name).write_bytes(picture)


def brightness(picture: bytes) -> float:
    """Return how bright a picture is on the whole, from 0 to 255."""
    with Image.open(BytesIO(picture)) as image:
        levels = image.convert("L").histogram()
    return sum(level * count for level, count in enumerate(levels)) / sum(levels)


def check_scheme(scheme: str, picture: bytes) -> None:
    if scheme == "light":
        assert brightness(picture) > DARKEST_OF_LIGHT
    else:
        assert brightness(picture) < LIGHTEST_OF_DARK


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_page_of_a_calendar_makes_a_small_picture(visit: Visit, site: Site, scheme: str) -> None:
    page = await visit(site.page(), scheme=scheme, width=WIDTH, height=HEIGHT)
    await expect(page.get_by_role("heading").first).to_be_visible()

    picture = shrink(await page.screenshot())

    check_scheme(scheme, picture)
    keep(f"page-{scheme}.png", picture)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_dashboard_makes_a_small_picture(visit: Visit, open_admin: OpenAdmin, scheme: str) -> None:
    admin = await open_admin()
    page = await visit(f"{admin.url}/", scheme=scheme, width=WIDTH, height=HEIGHT)
    await sign_in(page)
    await expect(page.locator("#overview")).to_be_visible()

    picture = shrink(await page.screenshot())

    check_scheme(scheme, picture)
    keep(f"dashboard-{scheme}.png", picture)


@pytest.mark.parametrize(
    "name", [f"{what}-{scheme}.png" for what in ("page", "dashboard") for scheme in SCHEMES]
)
async def test_the_pictures_that_are_kept_are_small_and_of_their_scheme(name: str) -> None:
    kept = (KEPT / name).read_bytes()

    assert len(kept) < MOST_BYTES, "run `make pictures`"
    check_scheme(name.partition("-")[2].removesuffix(".png"), kept)
