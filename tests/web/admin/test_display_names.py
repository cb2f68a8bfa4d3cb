"""
People are shown by name, with the ID beside it, wherever an administrator reads of them.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from service.core.conference import Conference, Invitation
from tests.core.given import DESK, NOW, ROOM, conference, listed, many
from tests.web.administered import Administered, administered
from tests.web.browsing import dashboard, sign_in

HOSTILE = '\u202e<script>alert("1")</script>'
LATER = NOW + timedelta(minutes=5)
NAMES = (
    Invitation("lobby", "Big hall"),
    Invitation("ivanov", "Ivan Ivanov"),
    Invitation("evil", HOSTILE),
    Invitation("blank", " \u200b "),
)


def meeting(id_: str, *, topic: str = "Planning", state: str = "") -> Conference:
    return replace(conference(id_, topic), owner="ivanov", invitations=NAMES, state=state)


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(CALENDARS_FOR_PEOPLE="true") as site:
        await site.accept(listed(meeting("100", state="running"), *many(10)))
        await sign_in(site)
        yield site


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "Ivan Ivanov"),
        ("/calendars", "Big hall"),
        ("/calendars?like=big+HALL", "Big hall"),
        ("/conferences", "Ivan Ivanov"),
        ("/conferences/video.example.com/100", "Ivan Ivanov"),
        ("/conferences/video.example.com/100", "Big hall"),
        ("/journal", "Big hall"),
    ],
)
async def test_each_page_names_people(site: Administered, path: str, name: str) -> None:
    page = (await site.client.get(path)).text

    assert f"<bdi>{name}</bdi>" in page
    assert str(ROOM) in page or "ivanov" in page


async def test_no_name_is_markup_or_turns_the_text_and_an_empty_one_is_the_id(site: Administered) -> None:
    page = (await site.client.get("/conferences/video.example.com/100")).text

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "\u202e" not in page
    assert "<bdi>blank</bdi>" in page


async def test_a_held_list_and_a_dispute_name_their_accounts(site: Administered) -> None:
    await site.accept(listed(meeting("100"), at=LATER))
    page = await dashboard(site)
    held = (await site.api("GET", "/held")).json()[0]
    (need,) = (await site.api("GET", "/needs")).json()

    assert f"Held list of Big hall ({ROOM})" in page
    assert (held["account"], held["display_name"]) == (str(ROOM), "Big hall")
    assert need["title"] == f"Held list of Big hall ({ROOM})"


async def test_the_api_has_the_names_beside_the_ids(site: Administered) -> None:
    await site.accept(listed(meeting("100", topic="Another"), account=DESK, at=LATER))
    found = (await site.api("GET", "/conferences/video.example.com/100")).json()
    calendars = (await site.api("GET", "/calendars?like=ivan+ivanov")).json()["calendars"]
    entries = (await site.api("GET", f"/journal?account={ROOM}")).json()["entries"]

    assert found["conference"]["owner_display_name"] == "Ivan Ivanov"
    assert {"id": "lobby", "display_name": "Big hall"} in found["people"]
    assert {"id": str(DESK), "display_name": "Ivan Ivanov"} in found["accounts"]
    assert f"Big hall ({ROOM}) holds it" in str(found["calendars"])
    assert [(each["name"], each["display_name"]) for each in calendars] == [
        ("ivanov@video.example.com", "Ivan Ivanov")
    ]
    assert {each["display_name"] for each in entries} == {"Big hall"}


async def test_files_of_links_and_texts_to_send_have_the_names(site: Administered) -> None:
    table = (await site.client.get("/calendars.csv?like=ivanov")).text
    page = (await site.client.get("/calendars?like=ivanov")).text

    assert "ivanov@video.example.com,Ivan Ivanov,http" in table
    assert "Calendar of TrueConf conferences “Ivan Ivanov”" in table
    assert "Calendar of TrueConf conferences “Ivan Ivanov”" in page
