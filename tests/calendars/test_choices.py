"""
What a subscriber chooses in an address, as values and as bytes of a feed.
"""

from datetime import timedelta

import icalendar
import pytest

from service.calendars.choices import AS_GIVEN, REMINDER_MINUTES, Choice, apply_choice, choice_of, query_of
from service.core.conference import Key
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.vevent import Rendering, to_vevent
from tests.core.given import MOSCOW, REVISION, SERVER, conference, feed, weekly

ALL_CHOICES = [
    Choice(reminder, free) for reminder in (None, *REMINDER_MINUTES) for free in (None, True, False)
]


@pytest.mark.parametrize(
    ("query", "choice"),
    [
        (b"reminder=15", Choice(15)),
        (b"reminder=PT1H", Choice(60)),
        (b"reminder=PT0S", Choice(0)),
        (b"reminder=5&reminder=none", Choice()),
        (b"free=1", Choice(free=True)),
        (b"free=0", Choice(free=False)),
        (b"free=2", Choice()),
        (b"reminder=16&free=1", Choice(free=True)),
        (b"REMINDER=15", Choice()),
        (b"", Choice()),
        (b"reminder=15&x=" + b"y" * 300, Choice()),
        (b"\xff\xfe=%ff", Choice()),
    ],
)
def test_a_query_is_a_choice_of_few(query: bytes, choice: Choice) -> None:
    assert choice_of(query) == choice


@pytest.mark.parametrize("choice", ALL_CHOICES, ids=str)
def test_a_choice_is_read_from_the_query_that_asks_for_it(choice: Choice) -> None:
    assert choice_of(query_of(choice).encode()) == choice


@pytest.mark.parametrize("choice", ALL_CHOICES, ids=str)
def test_a_chosen_feed_reminds_and_shows_as_it_was_chosen(choice: Choice) -> None:
    hostile = conference("200", "END:VEVENT BEGIN:VEVENT TRANSP:TRANSPARENT", weekly())
    chosen = apply_choice(feed(conference(), hostile), choice)

    events = icalendar.Calendar.from_ical(chosen).walk("VEVENT")
    assert len(events) == 2
    for event in events:
        alarms = [alarm.decoded("TRIGGER") for alarm in event.walk("VALARM")]
        assert alarms == ([] if choice.reminder is None else [-timedelta(minutes=choice.reminder)])
        assert event["TRANSP"] == ("TRANSPARENT" if choice.free else "OPAQUE")


def test_the_feed_as_given_is_not_touched() -> None:
    given = feed(conference(), conference("200", schedule=weekly()))

    assert apply_choice(given, AS_GIVEN) == given


def test_a_calendar_that_is_free_is_shown_as_busy_to_who_asks_for_it() -> None:
    content = to_vevent(Key(SERVER, "100"), conference(), Rendering(MOSCOW))
    assert content
    given = render_calendar(Heading("TrueConf", timezone="UTC"), [render_vevent(content, REVISION)])
    free = apply_choice(given, Choice(free=True))

    assert b"X-MICROSOFT-CDO-BUSYSTATUS:FREE" in free
    assert apply_choice(free, Choice(free=False)) == given
