"""
The clock of an endpoint against ours.
"""

from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from service.app.check_daemon import open_asker
from service.app.clock import utc_now
from service.app.room_clock import clock_note
from service.core.vevent import no_translation


async def note(url: str | None, date: str | None) -> str:
    headers = {} if date is None else {"Date": date}
    transport = httpx.MockTransport(lambda _: httpx.Response(404, headers=headers))
    async with open_asker(5, transport) as asker:
        return await clock_note(url, asker, no_translation)


def ahead(minutes: int) -> str:
    return format_datetime(utc_now() + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0, ""),
        (1, ""),
        (60, "its clock is 60 minutes ahead of this machine's"),
        (-7, "its clock is 7 minutes behind this machine's"),
    ],
)
async def test_a_clock_that_is_minutes_off_is_told(minutes: int, said: str) -> None:
    told = await note("http://10.0.0.5", ahead(minutes))

    assert told.startswith(said)
    assert bool(told) == bool(said)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Thu, 26 Nov 2026 12:00:00"])
async def test_a_page_without_a_date_tells_nothing(date: str | None) -> None:
    assert await note("http://10.0.0.5", date) == ""


@pytest.mark.parametrize("url", [None, "ws://10.0.0.5:8765", "wss://room.example.com/path"])
async def test_a_socket_has_no_page_to_ask(url: str | None) -> None:
    assert await note(url, ahead(60)) == ""
