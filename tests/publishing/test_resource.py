from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from service.core.account_state import Entry
from service.core.changes import RenderedVEvent
from service.core.conference import Invitation, Key
from service.publishing.resource import Extras, address_book, render_resource
from tests.core.given import REVISION, SERVER, conference

INVITED = (Invitation("white", "Белова"), Invitation("gray@other.example.com", "G."), Invitation("x", "X"))
CONFERENCE = replace(conference(), owner=f"Brown@{SERVER}", invitations=INVITED)
BOOK = {
    f"brown@{SERVER}": "brown@mail.example.org",
    "white": "white@mail.example.org",
    "gray": "no@mail.example.org",
}
VEVENT = RenderedVEvent("u1", "", b"BEGIN:VEVENT\r\nUID:u1\r\nEND:VEVENT\r\n")


@pytest.mark.parametrize(
    ("before", "trigger"),
    [
        (timedelta(0), b"PT0S"),
        (timedelta(minutes=5), b"-PT5M"),
        (timedelta(days=1), b"-PT1440M"),
    ],
)
def test_a_reminder_is_written_in_minutes_and_one_at_the_start_without_a_sign(
    before: timedelta, trigger: bytes
) -> None:
    assert b"TRIGGER:" + trigger + b"\r\n" in render_resource(VEVENT, Extras((before,)))


@pytest.mark.parametrize("id_", ["u" * 256, "u@" + "s" * 256])
def test_an_address_of_somebody_with_an_impossible_name_is_refused(id_: str) -> None:
    with pytest.raises(ValueError, match="longer than 255 characters"):
        address_book({id_: "ivanov@example.com"})


def people(addresses: dict[str, str]) -> list[str]:
    """Return the lines of a resource that name somebody."""
    entry = Entry(Key(SERVER, "100"), CONFERENCE, REVISION, b"", "lobby")
    body = render_resource(VEVENT, Extras(addresses=addresses), entry).decode().replace("\r\n ", "")
    return [line for line in body.split("\r\n") if line.startswith(("ORGANIZER", "ATTENDEE"))]


def test_only_who_is_in_the_map_is_named_and_nobody_is_left_to_the_server_to_mail() -> None:
    lines = people(BOOK)

    assert [line.rpartition(":")[2] for line in lines] == ["brown@mail.example.org", "white@mail.example.org"]
    assert all(";SCHEDULE-AGENT=CLIENT:mailto:" in line for line in lines)
    assert ';CN="Белова";' in lines[1]


@pytest.mark.parametrize("only", [f"brown@{SERVER}", "white"])
def test_an_organizer_without_attendees_is_not_named_nor_they_without_one(only: str) -> None:
    assert people({only: BOOK[only]}) == []


def test_without_an_entry_nobody_is_named() -> None:
    assert b"mailto" not in render_resource(VEVENT, Extras(addresses=BOOK))


def test_a_name_with_quotes_and_carets_is_read_back_as_it_is() -> None:
    named = replace(CONFERENCE, invitations=(Invitation("white", 'Elle ^n "W" ^'),))
    entry = Entry(Key(SERVER, "100"), named, REVISION, b"", "lobby")

    event: Any = Calendar.from_ical(render_resource(VEVENT, Extras(addresses=BOOK), entry)).walk("VEVENT")[0]

    assert event["ATTENDEE"].params["CN"] == 'Elle ^n "W" ^'


def test_an_address_book_knows_people_whatever_the_case_of_their_ids() -> None:
    assert address_book({"Brown@Video.example.com": "b@mail.example.org"}) == {
        "brown@video.example.com": "b@mail.example.org"
    }


@pytest.mark.parametrize(
    "entries", [None, ["a"], {"brown": 7}, {"brown": "no address"}, {"brown": "a@b\r\nX:1"}]
)
def test_what_is_no_address_book_is_refused(entries: object) -> None:
    with pytest.raises(ValueError, match=r"not a table|not an e-mail address"):
        address_book(entries)


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([], "it is not a table"),
        ({"brown": 7}, "an entry is not an e-mail address"),
        ({"brown": "brown at example"}, "an entry is not an e-mail address"),
    ],
)
def test_what_is_no_address_book_is_refused_with_the_reason(entries: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        address_book(entries)
