"""
A real Chromium and the real web server, both on the event loop of the session. See service/web/README.md.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    async_playwright,
)

pytest.register_assert_rewrite("tests.browser.looks")

from tests.browser.admin import Admin, running_admin  # noqa: E402
from tests.browser.site import Site, running_site  # noqa: E402
from tests.tools import missing  # noqa: E402

CHROMIUM = Path("/usr/bin/chromium-headless-shell")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

Visit = Callable[..., Awaitable[Page]]
OpenSite = Callable[..., Awaitable[Site]]
OpenAdmin = Callable[..., Awaitable[Admin]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of this folder on the loop that the browser and the server live on."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """
    Debian's Chromium without windows, which does a quarter less than the one with.

    Where it is missing the tests are skipped, loudly, and fail where CI=true.
    """
    if not CHROMIUM.exists():
        remedy = "apt-get install chromium-headless-shell"
        missing(f"{CHROMIUM} is missing ({remedy}): the pages were NOT looked at in a browser")
    return CHROMIUM


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """One browser for all tests, with a profile of its own that is thrown away."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site() -> AsyncIterator[Site]:
    """The web server with a rich calendar, on a port of its own. Tests that change it open one themselves."""
    async with running_site() as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def open_site() -> AsyncIterator[OpenSite]:
    """Opens a server of the test's own, with what `running_site` takes. It outlives the pages of `visit`."""
    async with AsyncExitStack() as sites:
        yield lambda **changes: sites.enter_async_context(running_site(**changes))


@pytest_asyncio.fixture(loop_scope="session")
async def open_admin() -> AsyncIterator[OpenAdmin]:
    """Opens the administrator's site, with what `running_admin` takes. It outlives the pages of `visit`."""
    async with AsyncExitStack() as sites:
        yield lambda **changes: sites.enter_async_context(running_admin(**changes))


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser,
    open_site: OpenSite,  # noqa: ARG001 -- ends last
    open_admin: OpenAdmin,  # noqa: ARG001 -- ends last
) -> AsyncIterator[Visit]:
    """
    Opens an address as a new visitor; at the end of the test no page may have complained.

    What a browser reports on its console (an error in a script, something the policy of the page forbids)
    fails the test.
    """
    contexts: list[BrowserContext] = []
    errors: list[str] = []
    complaints: list[ConsoleMessage] = []
    refused: set[str] = set()

    def note(response: Response) -> None:
        """Take note of a page that is refused as a whole: that is what a test asks for."""
        if response.request.is_navigation_request() and not response.ok:
            refused.add(response.url)

    async def open_page(
        url: str,
        *,
        language: str = "en-GB",
        scheme: str = "light",
        width: int = 1280,
        height: int = 900,
        zone: str = "Europe/Moscow",
        javascript: bool = True,
        agent: str | None = None,
        scale: float = 1,
        status: int = 200,
        touch: bool = False,
    ) -> Page:
        size: ViewportSize = {"width": width, "height": height}
        context = await browser.new_context(
            locale=language,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport=size,
            timezone_id=zone,
            java_script_enabled=javascript,
            user_agent=agent,
            device_scale_factor=scale,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: complaints.append(line) if line.type == "error" else None)
        page.on("response", note)
        response = await page.goto(url)
        assert response is not None
        assert response.status == status
        return page

    yield open_page
    for context in contexts:
        await context.close()
    unexpected = [
        line.text
        for line in complaints
        if not (line.text.startswith("Failed to load resource") and line.location["url"] in refused)
    ]
    assert errors + unexpected == []
