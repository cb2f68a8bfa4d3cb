"""
Nobody gets mail because of us.
"""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar as VCalendar

from service.app.calendar_collections import Calendars, ConfiguredKeys
from service.app.synchronizer import Synchronizer
from service.app.targets import Target, open_targets
from service.caldav.server import CalDavServer
from service.calendars.calendar import Calendar
from service.core.account_state import Entry, Revision
from service.core.changes import RenderedVEvent
from service.core.conference import Conference, Invitation, Key, Listing, Snapshot
from service.core.errors import SettingsError
from service.core.ical import render_vevent
from service.core.revision import Policy
from service.core.schedule import Once
from service.core.vevent import Rendering, to_vevent
from service.publishing.resource import Extras, render_resource
from service.settings.load import load_settings
from tests.app.directory import GivenDirectory
from tests.caldav.misbehaving import Misbehaving
from tests.caldav.site import Site
from tests.core.given import NOW, ROOM
from tests.publishing.clock import START, Clock
from tests.store.memory import MemoryStore

PEOPLE = (
    Invitation("brown@video.example.com", 'Elle "B" Brown; Ltd, Inc'),
    Invitation("white@video.example.com", "Белый, Б."),
    Invitation("room-5@video.example.com", "Room 5"),
)
CONFERENCE = Conference(
    "100", "Planning", "ivanov@video.example.com", Once(START, timedelta(hours=1)), invitations=PEOPLE
)
BOOK = {
    "ivanov@video.example.com": "ivan@mail.example.org",
    "brown": "elle@mail.example.org",
    "white@video.example.com": "b.white@mail.example.org",
}
ADDRESS = re.compile(r"mailto:|@mail\.example\.org", re.IGNORECASE)


def vevent(conference: Conference = CONFERENCE, *, people: bool = True) -> RenderedVEvent:
    content = to_vevent(Key("video.example.com", conference.id), conference, Rendering(people=people))
    assert content is not None
    return render_vevent(content, Revision(0, START))


def entry(conference: Conference = CONFERENCE) -> Entry:
    return Entry(Key("video.example.com", conference.id), conference, Revision(0, START), b"", "lobby")


def unfolded(body: bytes) -> list[str]:
    return body.decode().replace("\r\n ", "").split("\r\n")


def addressed(body: bytes) -> list[str]:
    return [line for line in unfolded(body) if ADDRESS.search(line)]


@pytest.mark.parametrize("people", [True, False])
def test_without_a_map_nobody_is_named_as_organizer_or_attendee(*, people: bool) -> None:
    body = render_resource(vevent(people=people), Extras(), entry())

    assert b"ATTENDEE" not in body
    assert b"ORGANIZER" not in body
    assert b"mailto" not in body
    assert b"METHOD" not in body


def test_with_a_map_only_those_in_it_are_named_and_all_with_schedule_agent_client() -> None:
    body = render_resource(vevent(), Extras(addresses=BOOK), entry())

    lines = addressed(body)
    assert [line.partition(";")[0] for line in lines] == ["ORGANIZER", "ATTENDEE", "ATTENDEE"]
    assert all(";SCHEDULE-AGENT=CLIENT" in line for line in lines)
    assert "room-5" not in "".join(lines)
    event: Any = VCalendar.from_ical(body).walk("VEVENT")[0]
    assert {str(attendee) for attendee in event["ATTENDEE"]} == {
        "mailto:elle@mail.example.org",
        "mailto:b.white@mail.example.org",
    }
    assert {attendee.params["RSVP"] for attendee in event["ATTENDEE"]} == {"FALSE"}


def test_a_bare_name_in_the_map_is_nobody_on_another_server() -> None:
    strangers = (Invitation("brown@partner.example", "B."), Invitation("white@video.example.com/7", "W."))
    conference = replace(CONFERENCE, owner="ivanov", invitations=strangers)

    lines = addressed(render_resource(vevent(), Extras(addresses=BOOK), entry(conference)))

    assert [line.rpartition(":")[2] for line in lines] == [
        "ivan@mail.example.org",
        "b.white@mail.example.org",
    ]


def test_a_name_is_read_back_as_it_is() -> None:
    named = replace(CONFERENCE, invitations=(Invitation("brown", 'Elle ^n "B" ^'),))

    body = render_resource(vevent(), Extras(addresses=BOOK), entry(named))

    event: Any = VCalendar.from_ical(body).walk("VEVENT")[0]
    assert event["ATTENDEE"].params["CN"] == 'Elle ^n "B" ^'


@pytest.mark.parametrize("only", [["ivanov@video.example.com"], ["brown", "white@video.example.com"]])
def test_neither_an_organizer_alone_nor_attendees_without_one_are_written(only: list[str]) -> None:
    book = {id_: BOOK[id_] for id_ in only}

    assert addressed(render_resource(vevent(), Extras(addresses=book), entry())) == []


NAMES = st.text(max_size=40)
IDS = st.sampled_from(
    ["ivanov@video.example.com", "brown@video.example.com", "BROWN@other.example.com", "x", ""]
)


@given(IDS, st.lists(st.builds(Invitation, IDS, NAMES), max_size=5).map(tuple))
def test_no_address_is_ever_written_without_schedule_agent(
    owner: str, invitations: tuple[Invitation, ...]
) -> None:
    conference = Conference("1", "T", owner, Once(START, timedelta(hours=1)), invitations=invitations)
    body = render_resource(vevent(conference, people=False), Extras(addresses=BOOK), entry(conference))

    for line in addressed(body):
        assert line.startswith(("ORGANIZER;", "ATTENDEE;"))
        assert ";SCHEDULE-AGENT=CLIENT" in re.sub(r'"[^"]*"', "", line)
    VCalendar.from_ical(body)


def test_reminders_are_displayed_and_mail_nobody() -> None:
    body = render_resource(
        vevent(), Extras((timedelta(minutes=15), timedelta(0), timedelta(days=1))), entry()
    )

    alarms: list[Any] = VCalendar.from_ical(body).walk("VALARM")
    assert [alarm["ACTION"] for alarm in alarms] == ["DISPLAY"] * 3
    triggers = [alarm["TRIGGER"].to_ical() for alarm in alarms]
    assert triggers == [b"-PT15M", b"P0D", b"-P1D"]
    assert b"ATTENDEE" not in body


async def test_nobody_is_named_to_a_server_that_mails_all_the_same(site: Site) -> None:
    server: CalDavServer = site.server

    assert server.keeps_silent("Radicale")
    assert not server.keeps_silent("SOGo")
    site.quirks = ("-mails-client-attendees",)
    assert site.server.keeps_silent("SOGo")


@pytest.mark.parametrize(("software", "named"), [("SOGo/5.12", False), ("Radicale/3.5", True)])
async def test_people_of_the_map_are_named_on_the_wire_only_where_nobody_is_mailed(
    site: Site, server: Misbehaving, monkeypatch: pytest.MonkeyPatch, software: str, *, named: bool
) -> None:
    server.headers = {"Server": software}
    for name, value in {"URL": site.url, "COLLECTION": "team"}.items():
        monkeypatch.setenv(f"CONFCAL_TARGETS__CLOUD__{name}", value)
    everything = Calendar("all", "All")
    store = MemoryStore()
    synchronizer = Synchronizer(store, Policy())
    await synchronizer.accept(Snapshot(ROOM, "lobby", NOW, Listing((CONFERENCE,))))
    directory = GivenDirectory(
        {"all": everything, "lobby": Calendar("lobby", "Lobby", account=ROOM)},
        lambda _calendar: synchronizer.state.entries.values(),
    )
    calendars = Calendars(store, directory)
    extras = Extras(addresses=BOOK)
    settings = load_settings().targets["cloud"]
    (target,) = Target(
        "cloud", settings, site.connection, extras, calendars, ConfiguredKeys({})
    ).find_collections()

    report = await site.carry_out(target)

    assert report.created == 1
    assert any(addressed(request.content) for request in site.wire.writes()) == named
    assert any(b"ATTENDEE" in request.content for request in site.wire.requests) == named


async def test_a_busy_calendar_never_names_people() -> None:
    asked: list[str] = []

    def entries(calendar: Calendar) -> list[Entry]:
        asked.append(calendar.name)
        return []

    calendars = Calendars(MemoryStore(), GivenDirectory(find=entries))

    await calendars.resources(Calendar("busy", "Busy", redaction="busy"), Extras(addresses=BOOK), now=NOW)
    assert asked == []
    await calendars.resources(Calendar("all", "All"), Extras(addresses=BOOK), now=NOW)
    assert asked == ["all"]


@pytest.mark.parametrize(
    ("name", "text", "good"),
    [
        ("book.toml", '"ivanov@video.example.com" = "ivan@mail.example.org"', True),
        ("book.json", '{"ivanov": "ivan@mail.example.org"}', True),
        ("book.toml", '"ivanov" = "not an address"', False),
        ("book.toml", '"ivanov" = "a@b.c\\r\\nATTENDEE:mailto:x@y.z"', False),
        ("book.json", "[1]", False),
        ("book.json", "{", False),
        ("book.toml", '"ivanov" = 5', False),
        ("book.json", f'{{"{"u" * 256}@video.example.com": "ivan@mail.example.org"}}', False),
        ("missing.toml", None, False),
    ],
)
async def test_the_map_is_a_table_of_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None, *, good: bool
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__URL", "https://dav.example.org/")
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__ATTENDEES", str(tmp_path / name))
    calendars = Calendars(MemoryStore(), GivenDirectory())

    if good:
        async with open_targets(load_settings(), calendars, Clock()) as targets_by_name:
            assert list(targets_by_name["cloud"].extras.addresses.values()) == ["ivan@mail.example.org"]
    else:
        with pytest.raises(SettingsError, match="CONFCAL_TARGETS__CLOUD__ATTENDEES"):
            async with open_targets(load_settings(), calendars, Clock()):
                pass
