"""
SIGHUP at a bad moment: what is half there or gone changes nothing, and the next reload that can work does.
"""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.given import once
from tests.e2e.program import Home, Program, room, started

PIN = "a-pin-that-nobody-may-read"


@dataclass
class Installation:
    """A daemon with settings in an env file and a TOML file, and a PIN in a file."""

    folder: Path
    room_url: str
    program: Program
    reloads: int = 0
    refusals: int = 0

    @property
    def toml(self) -> Path:
        return self.folder / "confcal.toml"

    @property
    def env(self) -> Path:
        return self.folder / "confcal.env"

    @property
    def pin(self) -> Path:
        return self.folder / "pin"

    def write(self, *, source: str = "lobby", more: str = "") -> None:
        write_settings(self.folder, self.room_url, source=source, more=more)

    async def refused(self) -> str:
        self.refusals += 1
        self.program.send(signal.SIGHUP)
        return str((await self.program.event("settings.reload_refused", times=self.refusals))["error"])

    async def reloaded(self) -> dict[str, object]:
        self.reloads += 1
        self.program.send(signal.SIGHUP)
        return await self.program.event("settings.reloaded", times=self.reloads)


def write_settings(folder: Path, url: str, *, source: str = "lobby", more: str = "") -> None:
    (folder / "pin").write_text(PIN)
    (folder / "confcal.env").write_text("CONFCAL_LANGUAGE=ru\n")
    (folder / "confcal.toml").write_text(
        f'log_format = "json"\n{more}\n[sources.{source}]\nurl = "{url}"\npin_file = "{folder / "pin"}"\n'
    )


@pytest.fixture
async def installation(home: Home, tmp_path: Path) -> AsyncIterator[Installation]:
    async with running(home, tmp_path) as installed:
        yield installed


@asynccontextmanager
async def running(home: Home, folder: Path) -> AsyncIterator[Installation]:
    (folder / "list").mkdir()
    async with room(folder / "list", "--pin", PIN, conferences=(once(),)) as lobby:
        write_settings(folder, lobby.url)
        environ = home.environ(CONFIG_FILE=str(folder / "confcal.toml"))
        # The environment would win over the files.
        del environ["CONFCAL_LOG_FORMAT"]
        async with started("run", "--env-file", folder / "confcal.env", environ=environ) as program:
            await program.event("trueconf.account_known")
            yield Installation(folder, lobby.url, program)


def cut_in_the_middle(at: Installation) -> None:
    whole = at.toml.read_bytes()
    at.toml.write_bytes(whole[: len(whole) // 2])


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def binary(at: Installation) -> None:
    at.toml.write_bytes(b"\xff\xfe\x00\x00" + at.toml.read_bytes())


def name_twice(at: Installation) -> None:
    at.toml.write_text(at.toml.read_text() * 2)


HOSTILE: dict[str, tuple[Callable[[Installation], object], str]] = {
    "a file that is half written": (cut_in_the_middle, "confcal.toml"),
    "a file that is no text": (binary, "confcal.toml"),
    "a file that says it twice": (name_twice, "confcal.toml"),
    "a file that is empty": (lambda at: at.toml.write_bytes(b""), "CONFCAL_SOURCES__"),
    "a file that is gone": (lambda at: at.toml.unlink(), "confcal.toml"),
    "a folder in its place": (lambda at: make_folder(at.toml), "confcal.toml"),
    "an env file that is gone": (lambda at: at.env.unlink(), "confcal.env"),
    "an env file that is no text": (lambda at: at.env.write_bytes(b"\xff\xfe\x00"), "confcal.env"),
    "an env file with an unknown name": (
        lambda at: at.env.write_text("CONFCAL_LANGAGE=ru\n"),
        "CONFCAL_LANGUAGE",
    ),
    "a secret that is gone": (lambda at: at.pin.unlink(), "CONFCAL_SOURCES__LOBBY__PIN_FILE"),
    "a secret that is a folder": (
        lambda at: make_folder(at.pin),
        "CONFCAL_SOURCES__LOBBY__PIN_FILE",
    ),
    "a target without its certificate": (
        lambda at: at.write(
            more='[targets.cloud]\nurl = "https://127.0.0.1:9/"\nauth = "none"\nca_file = "/nowhere/ca.pem"\n'
        ),
        "/nowhere/ca.pem",
    ),
}


async def test_what_cannot_be_read_changes_nothing_and_is_named(installation: Installation) -> None:
    """One daemon outlives all of it, so the next trouble finds the state that the one before left."""
    told = {}
    for trouble, (spoil, named) in HOSTILE.items():
        spoil(installation)
        told[trouble] = (named, await installation.refused())
        for path in (installation.toml, installation.pin):
            if path.is_dir():
                path.rmdir()
        installation.write()

    assert {trouble for trouble, (named, error) in told.items() if named not in error} == set()
    assert not any(PIN in line for line in installation.program.err)
    events = installation.program.events()
    assert events.count("trueconf.connected") == 1
    assert (await installation.reloaded())["settings"] == []
    assert await installation.program.end() == 0


async def test_a_source_with_another_name_takes_the_place_of_the_one_before(
    installation: Installation,
) -> None:
    installation.write(source="entrance")

    told = await installation.reloaded()

    assert (told["sources_added"], told["sources_removed"]) == (["entrance"], ["lobby"])
    await installation.program.line(lambda line: "list_accepted" in line and "entrance" in line, err=True)


async def test_the_log_takes_another_form_from_the_line_that_tells_of_it(installation: Installation) -> None:
    text = installation.toml.read_text().replace('"json"', '"console"')
    installation.toml.write_text(text)
    installation.program.send(signal.SIGHUP)

    line = await installation.program.line(lambda line: "settings.reloaded" in line, err=True)

    assert not line.startswith("{")
    assert "CONFCAL_LOG_FORMAT" in line
