from datetime import timedelta

import pytest

from service.core.changes import RenderedVEvent
from service.core.resource import Extras, address_book, render_resource

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
