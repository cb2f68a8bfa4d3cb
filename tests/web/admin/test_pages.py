"""
The administrator's pages as a whole: one navigation, old addresses, and how large a page may become.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from service.core.conference import Invitation
from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.settings.load import load_configuration
from service.sources.status import SourceStatus
from service.web.admin.paging import take_part
from service.web.schemas import TargetView
from tests.core.given import NOW, conference, listed
from tests.web.admin.test_dashboard import Endpoint
from tests.web.administered import TOKEN, Administered, administered
from tests.web.browsing import dashboard, sign_in
from tests.web.document import Document
from tests.web.given import BASE

PLACES = ("/", "/rooms", "/calendars", "/conferences", "/targets", "/journal", "/settings")
MOST_BYTES = 200_000
WORDS = {
    "en": {
        "environment": "environment",
        "file": "file",
        "secret file": "secret file",
        "command line": "command line",
        "default": "default",
        "defaults": "What is as by default",
    },
    "ru": {
        "environment": "окружение",
        "file": "файл",
        "secret file": "файл секрета",
        "command line": "командная строка",
        "default": "по умолчанию",
        "defaults": "Что осталось по умолчанию",
    },
}


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        await site.accept(listed(conference()))
        yield site


def navigation(page: str) -> list[tuple[str, bool]]:
    """Return the addresses of the navigation, and whether each is the page itself."""
    nav = page[page.index('<nav class="places"') :]
    links = re.findall(r'<a href="([^"]*)"([^>]*)>', nav[: nav.index("</nav>")])
    return [(href, 'aria-current="page"' in more) for href, more in links]


@pytest.mark.parametrize("path", PLACES)
async def test_every_page_has_the_same_navigation_and_marks_itself(site: Administered, path: str) -> None:
    page = await dashboard(site, path)

    assert navigation(page) == [(each, each == path) for each in PLACES]
    assert page.count("<h1") == 1
    assert 'data-live="/live"' in page
    assert 'action="/sign-out"' in page


async def test_a_search_of_the_one_long_page_leads_to_the_calendars(site: Administered) -> None:
    await sign_in(site)

    answer = await site.client.get("/?like=lobby&after=all")

    assert (answer.status_code, answer.headers["location"]) == (303, "/calendars?like=lobby&after=all")


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("sources", "/rooms"),
        ("calendars", "/calendars"),
        ("conferences", "/conferences"),
        ("targets", "/targets"),
        ("settings", "/settings"),
        ("rejected", "/rooms#rejected"),
    ],
)
async def test_a_link_to_a_part_of_the_one_long_page_finds_where_it_is_now(
    site: Administered, part: str, path: str
) -> None:
    page = await dashboard(site)

    (link,) = re.findall(rf'<a [^>]*id="{part}"[^>]*>', page)
    assert f'href="{path}"' in link
    assert "data-moved" in link


async def test_rooms_and_targets_turn_pages_without_a_gap(site: Administered) -> None:
    names = [f"t{number}" for number in range(95)]
    site.targets.shown = [TargetView(name, TargetState.IN_STEP, "all", 0) for name in names]
    path, page, seen = "/targets", "", []
    while path:
        page = await dashboard(site, path)
        seen += re.findall(r"<h2><bdi>(t\d+)</bdi></h2>", page)
        following = re.search(r'href="(/targets\?after=[^"]+)"', page)
        path = following[1] if following else ""

    assert seen == names
    assert "From the beginning" in page


def test_a_part_begins_anew_where_what_it_stood_behind_is_gone() -> None:
    part = take_part(["a", "b", "c"], "gone", 2, str)

    assert (part.items, part.after, part.from_start, part.total) == (["a", "b"], "b", True, 3)


async def test_no_page_grows_with_the_number_of_things() -> None:
    rooms = {f"SOURCES__R{number}__URL": f"ws://10.0.0.{number}:8765" for number in range(60)}
    async with administered(url=BASE, exposure=None, CALENDARS_FOR_PEOPLE="true", **rooms) as site:
        people = [Invitation(f"user{number}@video.example.com", "") for number in range(120)]
        meetings = [replace(conference(str(n)), invitations=(who,)) for n, who in enumerate(people)]
        await site.accept(listed(*meetings))
        site.reporter.endpoints = [
            Endpoint(SourceStatus(f"r{n}", SourceState.UNREACHABLE, None, None, "away " * 20, NOW))
            for n in range(60)
        ]
        site.targets.shown = [
            TargetView(f"t{n}", TargetState.DOWN, "all", 0, NOW, error="it answers 503 " * 10)
            for n in range(200)
        ]
        sizes = {path: len(await dashboard(site, path)) for path in PLACES}

    assert {path: size for path, size in sizes.items() if size > MOST_BYTES} == {}


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_the_settings_say_where_each_comes_from_and_no_secret(tmp_path: Path, language: str) -> None:
    pin = tmp_path / "pin"
    pin.write_text("the secret of the lobby")
    toml = tmp_path / "confcal.toml"
    toml.write_text('timezone = "Europe/Moscow"\n')
    environ = {
        "CONFCAL_SOURCES__LOBBY__URL": "ws://10.0.0.15:8765",
        "CONFCAL_SOURCES__LOBBY__PIN_FILE": str(pin),
        "CONFCAL_CONFIG_FILE": str(toml),
        "CONFCAL_ADMIN_TOKEN": TOKEN,
    }
    configuration = load_configuration(environ, overrides={"CONFCAL_PORT": "8081"})
    async with administered() as site:
        site.reporter.settings_in_force = configuration.settings
        site.reporter.find_origins = lambda: configuration.origins
        page = Document(await dashboard(site, f"/settings?lang={language}"))

    given, _, defaults = page.words.partition(WORDS[language]["defaults"])
    for name, origin in (
        ("CONFCAL_SOURCES__LOBBY__URL ws://10.0.0.15:8765", "environment"),
        (f"CONFCAL_SOURCES__LOBBY__PIN_FILE {pin}", "secret file"),
        ("CONFCAL_TIMEZONE Europe/Moscow", "file"),
        ("CONFCAL_ADMIN_TOKEN ********", "environment"),
        ("CONFCAL_PORT 8081", "command line"),
    ):
        assert f"{name} {WORDS[language][origin]}" in given, name
    assert f"CONFCAL_LANGUAGE en {WORDS[language]['default']}" in defaults
    assert "the secret of the lobby" not in page.words
