"""
What stands on a machine before the pages for operators begin: settings, a running daemon, and files.
"""

import json
from pathlib import Path

from tests.caldav.loopback import PASSWORD, USERNAME
from tests.docs.blocks import Kind, blocks
from tests.docs.stand_ins import Machine
from tests.e2e.given import Raw, once

ADMIN_TOKEN = "the admin token of the tests"

_SETTINGS = """\
CONFCAL_DATA_DIR=/var/lib/confcal
CONFCAL_SOURCES__LOBBY__URL=http://10.0.0.15
CONFCAL_TIMEZONE=Europe/Moscow
"""

APPLIED = {"docs/operations/administration.md", "docs/operations/single-sign-on.md"}
"""Pages whose settings the daemon of this machine can have: their servers, people and files are here."""

_TROUBLE = """\
confcal --env-file /etc/confcal/confcal.env replay trouble.json --source lobby \\
  --account ivanov@video.example.com --at 2026-11-23T10:00:00Z || test $? = 1
"""

_UNDERSTOOD = """\
python3 -c '
import sqlite3
with sqlite3.connect("/var/lib/confcal/confcal.db", timeout=30) as database:
    database.execute("UPDATE rejected SET raw = ? WHERE number = 12", [open("understood.json", "rb").read()])
'
"""
"""As if an update of confcal had come: what it could not read is something that it can."""


def settings_of(page: Path, name: str, port: int) -> str:
    """Return the settings of the daemon, with those that the page adds."""
    target = (
        f"CONFCAL_TARGETS__CLOUD__URL=http://127.0.0.1:{port}/\n"
        f"CONFCAL_TARGETS__CLOUD__USERNAME={USERNAME}\nCONFCAL_TARGETS__CLOUD__PASSWORD={PASSWORD}\n"
        "CONFCAL_TARGETS__CLOUD__COLLECTION=Conferences\n"
    )
    added = [each.text for each in blocks(page) if each.kind is Kind.SETTINGS and name in APPLIED]
    return "".join([_SETTINGS, f'CONFCAL_ADMIN_TOKEN="{ADMIN_TOKEN}"\n', target if port else "", *added])


def install(machine: Machine, page: Path, name: str, port: int) -> str:
    """Lay out the files, and return the commands that come before those of the page."""
    machine.have_service()
    machine.write("etc/confcal/confcal.env", machine.translate(settings_of(page, name, port)))
    topics = ("Планёрка отдела продаж", *(f"Совещание {number}" for number in range(2, 9)))
    full = [once(f"{48411000 + number:010}", topic) for number, topic in enumerate(topics, start=1)]
    files = {
        "list": _event(full),
        "conferenceList": _event(full[:2]),
        "trouble": trouble(full),
        "understood": once("0048411112"),
    }
    for file, content in files.items():
        machine.write(f"release/{file}.json", json.dumps(content))
    is_trouble = name.endswith("troubleshooting.md")
    return "systemctl start confcal\n" + (_TROUBLE + _UNDERSTOOD if is_trouble else "")


def trouble(full: list[Raw]) -> list[Raw]:
    """
    Return a recording of lists: of eight conferences, two lists of five minutes later lack seven.

    Of two further lists, six conferences each are rejected.
    """
    faults = [once(f"{48411100 + number:010}", schedule={"start_time": "soon"}) for number in range(1, 13)]
    short = full[-1:]
    lists = {0: full, 300: short, 330: short, 360: [*short, *faults[:6]], 365: [*short, *faults[6:]]}
    return [{"delay_s": seconds, "frame": _event(each)} for seconds, each in lists.items()]


def _event(conferences: list[Raw]) -> Raw:
    return {"event": "conferenceList", "cnt": len(conferences), "conferences": conferences}
