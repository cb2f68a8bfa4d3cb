"""
What stands on a machine before the pages for operators begin: settings, a running daemon, and files.
"""

import json
from pathlib import Path

from tests.caldav.loopback import PASSWORD, USERNAME
from tests.docs.blocks import Kind, blocks
from tests.docs.stand_ins import Machine
from tests.e2e.given import once

ADMIN_TOKEN = "the admin token of the tests"

_SETTINGS = """\
CONFCAL_DATA_DIR=/var/lib/confcal
CONFCAL_SOURCES__LOBBY__URL=http://10.0.0.15
CONFCAL_TIMEZONE=Europe/Moscow
"""

APPLIED = {"docs/operations/administration.md", "docs/operations/single-sign-on.md"}
"""Pages whose settings the daemon of this machine can have: their servers, people and files are here."""

_REPLAY = (
    "confcal --env-file /etc/confcal/confcal.env replay --source lobby --account ivanov@video.example.com"
)
_TROUBLE = f"""
{_REPLAY} full.json --at 2026-11-23T10:00:00Z
{_REPLAY} short.json --at 2026-11-23T10:05:00Z
{_REPLAY} short.json --at 2026-11-23T10:05:30Z
{_REPLAY} wrong.json --at 2026-11-23T10:06:00Z || test $? = 1
"""
"""Of eight conferences, two lists of five minutes later lack seven; of another list one is rejected."""


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
    machine.write("etc/confcal/confcal.env", machine.translate(settings_of(page, name, port)))
    topics = ("Планёрка отдела продаж", *(f"Совещание {number}" for number in range(2, 9)))
    full = [once(f"{48411000 + number:010}", topic) for number, topic in enumerate(topics, start=1)]
    wrong = [*full[-1:], once("0048411099", schedule={"start_time": "soon"})]
    files = {"full": full, "short": full[-1:], "wrong": wrong, "list": full, "conferenceList": full[:2]}
    for file, conferences in files.items():
        event = {"event": "conferenceList", "cnt": len(conferences), "conferences": conferences}
        machine.write(f"release/{file}.json", json.dumps(event))
    trouble = _TROUBLE if name.endswith("troubleshooting.md") else ""
    return f"systemctl start confcal\n{trouble}"
