"""
The same VEVENT for different readers: as free time, with reminders.
"""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from icalendar import Event as VEvent

from service.core.changes import RenderedVEvent
from service.core.conference import Key
from service.core.ical import render_vevent
from service.core.presentation import Presentation, has_ended, present
from service.core.schedule import Schedule
from service.core.vevent import Redaction, Rendering, to_vevent
from service.publishing.model import Publication, Standing, Update
from service.publishing.plan import make_plan
from service.publishing.resource import Extras, render_resource, resource_of
from service.trueconf.wire import list_of
from tests.conftest import SAMPLES
from tests.core.given import MOSCOW, NOW, REVISION, SERVER, at, conference, once, weekly

HOSTILE = (
    'Budget; "Q1",\\ итоги 👨‍👩‍👧 ' + "x" * 200 + "\nTRANSP:OPAQUE\nSUMMARY:other\nDTEND:20200101T000000Z"
)
QUARTER = timedelta(minutes=15)


def rendered(
    topic: str = "Budget", schedule: Schedule | None = None, redaction: Redaction = "full"
) -> RenderedVEvent:
    told = conference("100", topic, schedule or once())
    made = to_vevent(Key(SERVER, "100"), told, Rendering(MOSCOW), redaction=redaction)
    assert made
    return render_vevent(made, REVISION)


def read(vevent: RenderedVEvent) -> Any:
    (component,) = Calendar.from_ical(render_resource(vevent)).walk("VEVENT")
    assert isinstance(component, VEvent)
    return component


def test_nothing_asked_is_nothing_changed() -> None:
    assert present(rendered(HOSTILE), Presentation()) == rendered(HOSTILE)


@pytest.mark.parametrize("topic", ["Budget", HOSTILE])
def test_free_time_is_said_to_outlook_too_and_changes_nothing_else(topic: str) -> None:
    free, busy = read(present(rendered(topic), Presentation(free=True))), read(rendered(topic))

    assert (busy["TRANSP"], free["TRANSP"]) == ("OPAQUE", "TRANSPARENT")
    assert free["X-MICROSOFT-CDO-BUSYSTATUS"] == "FREE"
    assert {name: free[name] for name in busy if name != "TRANSP"} == {
        name: busy[name] for name in busy if name != "TRANSP"
    }


@pytest.mark.parametrize("topic", ["Budget", HOSTILE, "Приём, зал 2"])
@pytest.mark.parametrize("redaction", ["full", "busy"])
def test_an_alarm_says_what_the_event_is_called(topic: str, redaction: Redaction) -> None:
    shown = read(
        present(rendered(topic, redaction=redaction), Presentation(reminders=(QUARTER, timedelta())))
    )

    alarms = shown.walk("VALARM")
    assert [alarm["DESCRIPTION"] for alarm in alarms] == [shown["SUMMARY"]] * 2
    assert shown["SUMMARY"] == "Busy" if redaction == "busy" else shown["SUMMARY"].startswith(topic[:6])
    assert [alarm["TRIGGER"].dt for alarm in alarms] == [-QUARTER, timedelta()]


def test_lines_stay_within_75_octets_and_alarms_follow_the_properties() -> None:
    body = present(rendered(HOSTILE), Presentation(free=True, reminders=(QUARTER,)), ["ATTENDEE:a"]).body

    lines = body.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert lines.index(b"ATTENDEE:a") < lines.index(b"BEGIN:VALARM")
    assert lines.index(b"X-MICROSOFT-CDO-BUSYSTATUS:FREE") < lines.index(b"BEGIN:VALARM")
    assert lines[-3:] == [b"END:VALARM", b"END:VEVENT", b""]


@pytest.mark.parametrize(
    ("schedule", "moment", "ended"),
    [
        (once("2026-11-02 09:00"), "2026-11-02 09:59", False),
        (once("2026-11-02 09:00"), "2026-11-02 10:00", True),
        (weekly("2020-01-06 07:00"), "2026-11-02 10:00", False),
    ],
)
def test_a_single_event_ends_and_an_open_series_does_not(
    schedule: Schedule, moment: str, *, ended: bool
) -> None:
    assert has_ended(rendered(HOSTILE, schedule), at(moment)) is ended


@pytest.mark.parametrize(("moment", "ended"), [("2026-11-22 00:00", False), ("2026-11-24 00:00", True)])
def test_a_closed_series_ends_with_its_last_occurrence(moment: str, *, ended: bool) -> None:
    series = rendered(HOSTILE, weekly())
    closed = series.body.replace(
        b"RRULE:FREQ=WEEKLY;BYDAY=MO", b"RRULE:FREQ=WEEKLY;UNTIL=20261123T070000Z;BYDAY=MO"
    )

    assert has_ended(RenderedVEvent(series.uid, series.tzid, closed), at(moment)) is ended


def test_what_has_ended_reminds_nobody() -> None:
    listing = list_of((SAMPLES.parent / "cases" / "04-reminders.json").read_bytes())
    noon = at("2026-11-25 12:00")
    told = {}
    for each in listing.conferences:
        made = to_vevent(Key(SERVER, each.id), each, Rendering())
        assert made
        body = resource_of(render_vevent(made, REVISION), Extras((QUARTER,)), now=noon).body.decode()
        told[each.topic] = [line for line in body.split("\r\n") if line.startswith("DESCRIPTION:")][1:]

    assert told == {
        "Ended long ago": [],
        "Budget": ["DESCRIPTION:Budget"],
        "Interview": ["DESCRIPTION:Interview"],
    }


def test_an_event_that_ends_is_not_written_again_for_that() -> None:
    before = resource_of(rendered(), Extras((QUARTER,)), now=NOW)
    after = resource_of(rendered(), Extras((QUARTER,)), now=at("2026-12-01 08:00"))
    row = Publication(before.uid, "/w/a.ics", '"1"', before.digest, "m", standing=Standing.PUBLISHED)

    assert (b"VALARM" in before.body, b"VALARM" in after.body) == (True, False)
    assert make_plan({after.uid: after}, {row.uid: row}, now=NOW).operations == ()


def test_an_edit_after_the_end_takes_the_alarm_away_and_is_then_quiet() -> None:
    later = at("2026-12-01 08:00")
    before = resource_of(rendered(), Extras((QUARTER,)), now=NOW)
    row = Publication(before.uid, "/w/a.ics", '"1"', before.digest, "m", standing=Standing.PUBLISHED)
    edited = resource_of(rendered("Budget, final"), Extras((QUARTER,)), now=later)

    assert make_plan({row.uid: edited}, {row.uid: row}, now=later).operations == (Update(edited, row),)
    assert b"VALARM" not in edited.body
    again = resource_of(rendered("Budget, final"), Extras((QUARTER,)), now=later + QUARTER)
    assert again == edited


def test_without_reminders_the_end_changes_nothing_at_all() -> None:
    assert resource_of(rendered(), Extras(), now=NOW) == resource_of(
        rendered(), Extras(), now=at("2030-01-01 00:00")
    )
