"""
What docs/operations/targets.md says of the collection after a restored backup, on a real Radicale.
"""

import re
import shutil
import signal
from collections import Counter
from pathlib import Path

import httpx
import pytest
from icalendar import Calendar

from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME
from tests.e2e.given import once
from tests.e2e.program import Home, room

pytestmark = pytest.mark.thorough

_WRITES = re.compile(r"(PUT|DELETE|MKCALENDAR) response status .*: (\d)\d\d ")
MEETINGS = tuple(once(str(1000 + number), f"Meeting {number}") for number in range(73))
CHANGED = tuple(once(meeting["id"], f"Moved {meeting['topic']}") for meeting in MEETINGS[:5])


async def test_each_event_is_written_once_more_after_a_restored_backup_and_then_it_is_quiet(
    tmp_path: Path,
) -> None:
    radicale = loopback.radicale(tmp_path, "info")
    for name in ("room", "home"):
        (tmp_path / name).mkdir()
    radicale.start()
    home, database = Home(tmp_path / "home"), tmp_path / "home/.local/share/confcal/confcal.db"
    collection = f"http://127.0.0.1:{radicale.port}/{USERNAME}/team/"
    settings = {
        "TARGETS__CLOUD__URL": f"http://127.0.0.1:{radicale.port}/",
        "TARGETS__CLOUD__USERNAME": USERNAME,
        "TARGETS__CLOUD__PASSWORD": PASSWORD,
        "TARGETS__CLOUD__COLLECTION": "team",
    }

    def writes() -> Counter[tuple[str, str]]:
        return Counter(_WRITES.findall((tmp_path / "radicale.log").read_text()))

    def topics() -> set[str]:
        with httpx.Client(auth=(USERNAME, PASSWORD), trust_env=False) as http:
            calendar = Calendar.from_ical(http.get(collection).text)
        return {str(vevent["SUMMARY"]) for vevent in calendar.walk("VEVENT")}

    try:
        async with room(tmp_path / "room", conferences=MEETINGS) as lobby:
            async with home.daemon(lobby.url, **settings) as daemon:
                await daemon.program.event("publish.pass_finished")
                async with home.started("backup", tmp_path / "copy.db", **settings) as copying:
                    assert await copying.ended() == 0
                lobby.tell(*CHANGED, *MEETINGS[5:])
                await daemon.program.event("publish.pass_finished", times=2)
                await daemon.program.end(signal.SIGTERM)
            assert writes() == {("MKCALENDAR", "2"): 1, ("PUT", "2"): 73 + 5}

            for file in database.parent.glob("confcal.db*"):
                file.unlink()
            shutil.copy(tmp_path / "copy.db", database)
            # While no Room is heard, the state of the backup is what is known.
            async with home.daemon("ws://127.0.0.1:1", **settings) as daemon:
                finished = await daemon.program.event("publish.pass_finished")
                await daemon.program.end(signal.SIGTERM)
            assert (finished["created"], finished["updated"], finished["deleted"]) == (0, 73, 0)
            # The backup knows other versions of the five: these writes are refused, and made again.
            assert writes()["PUT", "2"] == 73 + 5 + 73
            assert writes()["PUT", "4"] == 5
            assert topics() == {meeting["topic"] for meeting in MEETINGS}

            async with home.daemon(lobby.url, **settings) as daemon:
                finished = await daemon.program.event("publish.pass_finished")
                await daemon.program.end(signal.SIGTERM)
            assert finished["updated"] == 5
            assert writes() == {("MKCALENDAR", "2"): 1, ("PUT", "2"): 73 + 5 + 73 + 5, ("PUT", "4"): 5}
            assert topics() == {meeting["topic"] for meeting in (*CHANGED, *MEETINGS[5:])}
    finally:
        radicale.kill()
