"""
Commands act on the installation they are meant for: they make none, migrate none, and say which it was.
"""

import json
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import heard, held
from tests.core.given import ROOM, listed, many

CLOUD = "CONFCAL_TARGETS__CLOUD__URL"

BESIDE: dict[str, tuple[str, ...]] = {
    "feeds": ("feeds",),
    "feeds --json": ("feeds", "--json"),
    "feeds rotate": ("feeds", "rotate", "all"),
    "plan": ("plan",),
    "held": ("held",),
    "approve": ("approve",),
    "rejected": ("rejected",),
    "rejected show": ("rejected", "show", "1"),
    "rejected retry": ("rejected", "retry", "1"),
    "replay": ("replay", "list.json"),
    "purge": ("purge", "cloud", "--yes"),
    "backup": ("backup", "copy.db"),
}
"""Each command that works on a daemon's database."""


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(CLOUD, "http://127.0.0.1:9/")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.json").write_text('{"event":"conferenceList","cnt":0,"conferences":[]}')
    return tmp_path / "data"


@pytest.mark.parametrize("arguments", BESIDE.values(), ids=BESIDE)
@pytest.mark.parametrize("folder", ["missing", "empty"])
def test_where_there_is_no_database_a_command_refuses_and_makes_nothing(
    confcal: Confcal, data: Path, arguments: tuple[str, ...], folder: str
) -> None:
    if folder == "empty":
        data.mkdir()

    done = confcal(*arguments)

    assert (done.code, done.out) == (1, b"")
    assert done.err == (
        f"confcal: There is no database in {data}/confcal.db: is CONFCAL_DATA_DIR the daemon's?\n"
    )
    assert not data.exists() or list(data.iterdir()) == []
    assert not (data.parent / "copy.db").exists()


@pytest.mark.parametrize("arguments", [*BESIDE.values()][:-1], ids=[*BESIDE][:-1])
def test_the_database_of_an_older_confcal_is_not_migrated_and_both_versions_are_told(
    confcal: Confcal, data: Path, arguments: tuple[str, ...]
) -> None:
    confcal("migrate")
    with closing(sqlite3.connect(data / "confcal.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '0002'")

    done = confcal(*arguments)

    assert done.code == 1
    assert f"has schema 0002, and this is confcal {version('confcal')}, which needs schema 0008" in done.err
    with closing(sqlite3.connect(data / "confcal.db")) as db:
        assert db.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]


@pytest.mark.parametrize(
    "arguments",
    [("feeds",), ("feeds", "--json"), ("feeds", "rotate", "all"), ("backup", "copy.db"), ("approve",)],
    ids=" ".join,
)
def test_a_command_says_which_database_it_acted_on(
    confcal: Confcal, data: Path, arguments: tuple[str, ...]
) -> None:
    confcal("migrate")
    held()

    done = confcal(*arguments)

    assert (done.code, done.err) == (0, f"Database: {data}/confcal.db\n")
    assert b"Database" not in done.out


def test_purge_says_which_database_it_acted_on(confcal: Confcal, data: Path) -> None:
    confcal("migrate")

    done = confcal("purge", "cloud")

    assert (done.code, done.text) == (0, "cloud: nothing is published there.\n")
    assert done.err == f"Database: {data}/confcal.db\n"


def test_without_the_secret_no_address_is_told_and_none_is_made(confcal: Confcal, data: Path) -> None:
    confcal("migrate")
    (data / "secret").unlink()

    done = confcal("feeds")

    assert (done.code, done.out) == (2, b"")
    assert done.err == f"confcal: There is no secret in {data}/secret: is CONFCAL_DATA_DIR the daemon's?\n"
    assert not (data / "secret").exists()


def test_migrate_makes_what_the_commands_then_find(confcal: Confcal, data: Path) -> None:
    assert confcal("migrate").code == 0

    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret").stat().st_mode & 0o777 == 0o600
    assert [each["calendar"] for each in json.loads(confcal("feeds", "--json").out)] == ["all"]


def test_a_new_replay_makes_a_database_and_keeps_one_that_is_there(confcal: Confcal, data: Path) -> None:
    replay = ("replay", "--new", "list.json", "--account", str(ROOM))
    assert confcal(*replay).code == 0
    secret = (data / "secret").read_text()
    heard(listed(*many(3)))

    assert confcal(*replay).code == 0

    assert (data / "secret").read_text() == secret
    assert str(ROOM) in confcal("feeds").text


def test_a_new_replay_does_not_migrate_what_is_there(confcal: Confcal, data: Path) -> None:
    confcal("migrate")
    with closing(sqlite3.connect(data / "confcal.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '0002'")

    assert "has schema 0002" in confcal("replay", "--new", "list.json").err


def test_check_before_the_first_start_asks_the_servers_and_makes_nothing(
    confcal: Confcal, data: Path, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setenv(CLOUD, f"http://127.0.0.1:{unused_tcp_port}/")

    done = confcal("check")

    assert done.code == 1
    assert "target cloud FAILED 127.0.0.1" in done.squeezed
    assert not data.exists()


@pytest.mark.parametrize(("name", "near"), [("ALL", "all"), ("al", "all"), ("Loby@video.example.org", ROOM)])
def test_a_calendar_that_there_is_not_is_answered_with_the_nearest(
    confcal: Confcal, name: str, near: object
) -> None:
    heard(listed(*many(3)))

    done = confcal("feeds", "rotate", name)

    assert (done.code, done.err) == (
        1,
        f"confcal: there is no calendar {name!r}; did you mean {near}?\n",
    )


def test_a_misspelt_calendar_of_a_target_fails_the_check_with_the_nearest(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFCAL_CALENDARS__BOARD__TOPIC", "board*")
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CALENDAR", "bord")

    done = confcal("check")

    assert done.code == 1
    assert "target cloud FAILED there is no calendar 'bord'; did you mean board?" in done.squeezed


@pytest.mark.parametrize("setting", ["CA_FILE", "CLIENT_CERTIFICATE", "CLIENT_KEY"])
@pytest.mark.parametrize("content", [None, "no PEM"])
def test_an_unusable_certificate_is_told_with_its_target_and_its_path(
    confcal: Confcal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, content: str | None
) -> None:
    file = tmp_path / "file.pem"
    if content:
        file.write_text(content)
    good = tmp_path / "certificate.pem"
    good.write_text("no PEM either")
    monkeypatch.setenv("CONFCAL_TARGETS__CLOUD__CLIENT_CERTIFICATE", str(good))
    monkeypatch.setenv(f"CONFCAL_TARGETS__CLOUD__{setting}", str(file))

    done = confcal("check")

    assert done.code == 2
    if content and setting == "CLIENT_KEY":
        assert f"confcal: CONFCAL_TARGETS__CLOUD__CLIENT_CERTIFICATE: {good} cannot be used (" in done.err
    else:
        assert f"confcal: CONFCAL_TARGETS__CLOUD__{setting}: {file} cannot be used (" in done.err
