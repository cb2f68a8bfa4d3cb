"""
A crash shows no secret: not in its traceback, not in its sentence, not in the dump of faulthandler.

Bugs quote what they failed on, so these quote every secret of the settings.
"""

import signal
import sys
from pathlib import Path

import pytest

from service.simulator.server import Simulator
from tests.e2e.marks import MARKS, shown
from tests.e2e.program import Home, started

pytestmark = pytest.mark.thorough

QUOTING = """
import os

QUOTED = " ".join(f"{name}={value!r}" for name, value in os.environ.items() if "MARK" in value)

from service.__main__ import main
from service.app import build, daemon
from service.app.synchronizer import Synchronizer
from service.settings import load
"""

AT_THE_START = f"""{QUOTING}
def explode(*_, **__):
    raise KeyError(QUOTED)

from service.commands import run
run.load_configuration = explode
main()
"""

IN_A_TASK = f"""{QUOTING}
class Exploding(Synchronizer):
    async def accept(self, snapshot):
        raise ValueError(QUOTED) from LookupError(QUOTED)

build.Synchronizer = Exploding
main()
"""

ABORTED = "import os; from service.__main__ import main; main()"


def settings(home: Home, url: str) -> dict[str, str]:
    addresses = {f"TARGETS__{name}__URL": "http://127.0.0.1:9/" for name in ("CLOUD", "BEARER")}
    more = {
        "SOURCES__LOBBY__URL": url,
        "SOURCES__ANNEX__URL": "http://127.0.0.1:9",
        "TARGETS__BEARER__AUTH": "bearer",
    }
    given = {**MARKS, **addresses, **more, "SOURCES__HALL__SERVER": "video.example.com"}
    return home.environ(**given, TARGETS__CLOUD__USERNAME="confcal")


@pytest.mark.parametrize(
    ("program", "kind"),
    [(AT_THE_START, "it crashed (KeyError: "), (IN_A_TASK, "a part crashed (ValueError: ")],
)
@pytest.mark.parametrize("form", ["json", "console"])
async def test_a_crash_shows_where_it_was_and_no_secret(
    home: Home, tmp_path: Path, program: str, kind: str, form: str
) -> None:
    file = tmp_path / "exploding.py"
    file.write_text(program, encoding="utf-8")
    async with Simulator() as room:
        pin = {"CONFCAL_LOG_FORMAT": form, "CONFCAL_SOURCES__LOBBY__PIN": MARKS["SOURCES__LOBBY__PIN"]}
        environ = settings(home, room.url) | pin
        async with started("run", environ=environ, command=(sys.executable, file)) as crashing:
            assert await crashing.ended() == 1

    said = "\n".join((*crashing.out, *crashing.err))
    assert crashing.err[-1].startswith(f"confcal: {kind}")
    assert "exploding.py" in said
    assert "***" in said
    assert shown(said) == []


async def test_the_dump_of_a_process_that_died_within_c_shows_no_secret(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "aborted.py"
    file.write_text(ABORTED, encoding="utf-8")
    command = (sys.executable, "-X", "faulthandler", file)
    async with (
        Simulator() as room,
        started("run", environ=settings(home, room.url), command=command) as program,
    ):
        await program.event("app.started")
        await program.end(signal.SIGABRT)

    said = "\n".join((*program.out, *program.err))
    assert "Fatal Python error: Aborted" in said
    assert shown(said) == []
