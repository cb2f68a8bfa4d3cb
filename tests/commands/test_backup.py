import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import heard
from tests.core.given import listed as listed_by
from tests.core.given import many


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_backup_tells_its_size(confcal: Confcal, tmp_path: Path) -> None:
    heard(listed_by(*many(3)))
    target = tmp_path / "copy.db"

    done = confcal("backup", target)

    assert (done.code, done.text) == (0, f"{target}: {target.stat().st_size:,} bytes\n")
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT count(*) FROM memberships").fetchone() == (3,)


def test_before_the_first_start_there_is_nothing_to_back_up(
    confcal: Confcal, tmp_path: Path, data: Path
) -> None:
    done = confcal("backup", tmp_path / "copy.db")

    assert done.code == 1
    assert (
        done.err == f"confcal: There is no database in {data}/confcal.db: is CONFCAL_DATA_DIR the daemon's?\n"
    )


def test_a_target_that_cannot_be_written_is_one_sentence(confcal: Confcal, tmp_path: Path) -> None:
    heard(listed_by())

    done = confcal("backup", tmp_path / "missing" / "copy.db")

    assert done.code == 1
    assert len(done.err.splitlines()) == 1
    assert "name a file in a writable folder" in done.err


def test_the_database_is_no_backup_of_itself(confcal: Confcal, data: Path) -> None:
    heard(listed_by(*many(3)))
    before = (data / "confcal.db").read_bytes()

    done = confcal("backup", data / "confcal.db")

    assert done.code == 2
    assert "is the database itself: name another file" in done.err
    assert (data / "confcal.db").read_bytes() == before
