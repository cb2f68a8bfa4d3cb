"""
`/me` leads to one's own calendar whom a trusted proxy names, and nobody else anywhere.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import httpx
import pytest
from structlog.testing import capture_logs

from service.core.conference import Invitation
from tests.core.given import DESK, ROOM, SERVER, conference, listed
from tests.web.administered import Administered, administered

HEADER = "X-Forwarded-Preferred-Username"
PROXY = "10.1.2.3"
STRANGER = "203.0.113.9"


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    """A daemon behind a proxy, with the account of a Room, that of a person, and two who are invited."""
    async with administered(
        PEOPLE_HEADER=HEADER, TRUSTED_PROXIES="10.0.0.0/8", CALENDARS_FOR_PEOPLE="true"
    ) as site:
        invited = (Invitation("brown", "Brown"), Invitation("\u0438\u0432\u0430\u043d", "Ivan"))
        await site.accept(listed(replace(conference(), invitations=invited), account=ROOM))
        await site.accept(listed(conference("200"), account=DESK, source="desk"))
        yield site


async def ask(
    site: Administered, *names: str | bytes, peer: str = PROXY, more: Sequence[tuple[str, str]] = ()
) -> httpx.Response:
    """Ask for `/me`, from `peer`, with the header once for each of `names`."""
    transport = httpx.ASGITransport(site.web, client=(peer, 5000))
    named = [(HEADER.encode(), name.encode() if isinstance(name, str) else name) for name in names]
    others = [(key.encode(), value.encode()) for key, value in more]
    async with httpx.AsyncClient(transport=transport, base_url="https://calendars.example.com") as client:
        return await client.get("/me", headers=[*named, *others])


def leads_nowhere(answer: httpx.Response) -> bool:
    return answer.status_code in {403, 404} and "location" not in answer.headers


@pytest.mark.parametrize(
    ("name", "calendar"),
    [
        (f"brown@{SERVER}", f"brown@{SERVER}"),
        (f"BROWN@{SERVER.upper()}", f"brown@{SERVER}"),
        ("brown", f"brown@{SERVER}"),
        ("ivanov", str(DESK)),
        (f"Ivanov@{SERVER}", str(DESK)),
        ("\u0418\u0432\u0430\u043d", f"\u0438\u0432\u0430\u043d@{SERVER}"),
    ],
)
async def test_a_person_is_led_to_the_page_of_their_own_calendar(
    site: Administered, name: str, calendar: str
) -> None:
    answer = await ask(site, name)

    assert answer.status_code == 303
    assert answer.headers["location"] == site.feeds.addresses.page_url(calendar)
    assert answer.headers["cache-control"] == "no-store"
    assert (await site.client.get(answer.headers["location"])).status_code == 200


async def test_a_replaced_link_is_not_handed_out_any_more(site: Administered) -> None:
    before = (await ask(site, "brown")).headers["location"]
    await site.feeds.directory.rotate(f"brown@{SERVER}", site.clock())

    after = (await ask(site, "brown")).headers["location"]

    assert after != before
    assert (await site.client.get(after)).status_code == 200


async def test_the_header_of_an_untrusted_peer_is_ignored_and_logged_without_the_person(
    site: Administered,
) -> None:
    with capture_logs() as lines:
        answer = await ask(site, "brown", peer=STRANGER)

    assert answer.status_code == 403
    assert leads_nowhere(answer)
    (line,) = lines
    assert line["event"] == "web.person_not_believed"
    assert line["network"] == "203.0.113.0/24"
    assert "brown" not in str(line)


async def test_a_peer_does_not_become_trusted_by_what_it_forwards(site: Administered) -> None:
    forwarded = [("X-Forwarded-For", PROXY), ("X-Real-IP", PROXY), ("Forwarded", f"for={PROXY}")]

    assert leads_nowhere(await ask(site, "brown", peer=STRANGER, more=forwarded))


async def test_a_stranger_cannot_fill_the_log(site: Administered) -> None:
    with capture_logs() as lines:
        for _ in range(50):
            await ask(site, "brown", peer=STRANGER)

    assert len(lines) == 1


@pytest.mark.parametrize("names", [("brown", "brown"), ("brown", "ivanov"), ("", "brown"), ("brown", "")])
async def test_a_doubled_header_leads_nowhere_and_is_logged(
    site: Administered, names: tuple[str, str]
) -> None:
    with capture_logs() as lines:
        answer = await ask(site, *names)

    assert leads_nowhere(answer)
    assert [line["event"] for line in lines] == ["web.person_not_believed"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "brown,ivanov",
        "brown, brown",
        "brown/desk",
        f"brown@{SERVER}@{SERVER}",
        f"brown@other.{SERVER}",
        "brown@",
        "all",
        f"all@{SERVER}",
        "../calendars",
        "bro\N{CYRILLIC SMALL LETTER ES}wn",
        "\N{FULLWIDTH LATIN SMALL LETTER B}rown",
        "brown".encode("utf-16"),
        b"\xff\xfe",
        "\u0438\u0432\u0430\u043d".encode("cp1251"),
        "nobody",
    ],
)
async def test_what_names_no_person_leads_nowhere(site: Administered, name: str | bytes) -> None:
    assert leads_nowhere(await ask(site, name))


async def test_other_headers_and_cookies_name_nobody(site: Administered) -> None:
    others = [
        ("X-Forwarded-User", "brown"),
        ("X_Forwarded_Preferred_Username", "brown"),
        ("Cookie", "user=brown"),
    ]

    assert (await ask(site, more=others)).status_code == 403


async def test_the_page_says_what_to_do_in_the_language_of_the_browser(site: Administered) -> None:
    assert "Nobody is signed in" in (await ask(site)).text
    russian = await ask(site, "nobody", more=[("Accept-Language", "ru")])
    assert russian.status_code == 404
    assert (
        "\u043f\u043e\u043a\u0430 \u043d\u0435\u0442 \u043a\u0430\u043b\u0435\u043d\u0434\u0430\u0440\u044f"
        in russian.text
    )


async def test_whoever_has_a_name_without_a_server_is_nobody_where_two_servers_are_heard(
    site: Administered,
) -> None:
    await site.accept(
        listed(conference("300"), account=replace(DESK, server="other.example.com"), source="far")
    )

    assert leads_nowhere(await ask(site, "ivanov"))
    assert (await ask(site, f"ivanov@{SERVER}")).status_code == 303


async def test_before_the_first_list_it_asks_to_wait() -> None:
    async with administered(PEOPLE_HEADER=HEADER, TRUSTED_PROXIES="10.0.0.0/8") as site:
        answer = await ask(site, "brown")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"


async def test_without_the_setting_there_is_no_such_page() -> None:
    async with administered(TRUSTED_PROXIES="10.0.0.0/8", CALENDARS_FOR_PEOPLE="true") as site:
        invited = (Invitation("brown", "Brown"),)
        await site.accept(listed(replace(conference(), invitations=invited)))

        assert (await ask(site, "brown")).status_code == 404


async def test_without_trusted_proxies_nobody_is_believed() -> None:
    async with administered(PEOPLE_HEADER=HEADER, CALENDARS_FOR_PEOPLE="true") as site:
        invited = (Invitation("brown", "Brown"),)
        await site.accept(listed(replace(conference(), invitations=invited)))

        assert leads_nowhere(await ask(site, "brown", peer="127.0.0.1"))
