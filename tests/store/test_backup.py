"""
A copy of the database: consistent whatever is written meanwhile, and what a start on an old one does.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.app.synchronizer import Synchronizer
from service.core.account_state import Revision
from service.core.conference import Conference, Key
from service.core.errors import SettingsError, StoreUnavailable
from service.core.revision import Policy
from service.store.backup import backup
from service.store.sql import open_store
from tests.core.given import NOW, SERVER, conference, listed, many, room

DAY = timedelta(days=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "confcal.db"


@pytest.fixture(autouse=True)
def folder(file: Path) -> None:
    file.parent.mkdir()


def url(file: Path) -> str:
    return f"sqlite:///{file}"


async def hear(file: Path, *lists: Sequence[Conference], at: datetime) -> dict[str, Revision]:
    """Start a daemon's synchronizer on this file, let lists arrive; the revisions after them."""
    store = await open_store(url(file), migrate=True)
    synchronizer = Synchronizer(store, Policy())
    await synchronizer.start(rendering="same", now=at)
    for number, conferences in enumerate(lists):
        await synchronizer.accept(listed(*conferences, at=at + timedelta(minutes=number)))
    await store.close()
    return {key.id: entry.revision for key, entry in synchronizer.state.entries.items()}


def damage(file: Path) -> None:
    file.write_bytes(b"no database at all, but long enough to be taken for a damaged one" * 99)


def restore(copy: Path, file: Path) -> None:
    """Do as the documentation says."""
    for name in ("confcal.db-wal", "confcal.db-shm"):
        (file.parent / name).unlink(missing_ok=True)
    copy.replace(file)


async def test_a_copy_holds_what_the_database_held(file: Path, tmp_path: Path) -> None:
    before = await hear(file, many(20), at=NOW)

    size = backup(url(file), tmp_path / "copy.db")

    assert size == (tmp_path / "copy.db").stat().st_size
    store = await open_store(url(tmp_path / "copy.db"), migrate=False)
    state = await store.load()
    await store.close()
    assert {key.id: entry.revision for key, entry in state.entries.items()} == before
    assert len(state.account(listed().account).reported) == 20


async def test_a_copy_is_one_file_and_leaves_nothing_beside_it(file: Path, tmp_path: Path) -> None:
    await hear(file, many(3), at=NOW)
    target = tmp_path / "backups"
    target.mkdir()

    backup(url(file), target / "copy.db")

    assert [each.name for each in target.iterdir()] == ["copy.db"]


async def test_a_backup_while_the_daemon_has_it_open(file: Path, tmp_path: Path) -> None:
    store = await open_store(url(file), migrate=True)
    synchronizer = Synchronizer(store, Policy())
    await synchronizer.accept(listed(*many(5)))

    await asyncio.to_thread(backup, url(file), tmp_path / "copy.db")
    await synchronizer.accept(listed(*many(6), at=NOW + DAY))
    await store.close()

    assert len((await hear(file, at=NOW + 2 * DAY)).keys()) == 6
    assert len((await hear(tmp_path / "copy.db", at=NOW + 2 * DAY)).keys()) == 5


async def test_copies_made_while_a_writer_writes_are_consistent(file: Path, tmp_path: Path) -> None:
    await hear(file, many(1), at=NOW)
    stop, committed = threading.Event(), threading.Event()

    def write() -> None:
        # Both rows are one transaction, so no copy may hold one without the other.
        with closing(sqlite3.connect(file, timeout=10)) as db:
            number = 0
            while not stop.is_set():
                number += 1
                db.execute("UPDATE accounts SET list_count = ?", (number,))
                db.execute("UPDATE conferences SET sequence = ?", (number,))
                db.commit()
                committed.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    try:
        for number in range(20):
            committed.clear()
            assert await asyncio.to_thread(committed.wait, 30)
            copy = tmp_path / f"copy{number}.db"
            await asyncio.to_thread(backup, url(file), copy)
            with closing(sqlite3.connect(copy)) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                pair = db.execute("SELECT list_count, sequence FROM accounts, conferences").fetchone()
            assert pair[0] == pair[1] or pair == (1, 0)
            seen.add(pair)
    finally:
        stop.set()
        writer.join(30)
    assert len(seen) == 20


async def test_after_an_old_backup_last_modified_does_not_go_back(file: Path, tmp_path: Path) -> None:
    planned, moved = conference("1", "Planning"), conference("1", "Planning, moved")
    await hear(file, [planned, conference("2")], at=NOW)
    backup(url(file), tmp_path / "old.db")
    seen = await hear(file, [moved, conference("2")], [planned, conference("2")], at=NOW + DAY)

    restore(tmp_path / "old.db", file)
    # The list is again what it was when the copy was made: nothing in it tells that clients saw more.
    restored = await hear(file, [planned, conference("2")], at=NOW + 2 * DAY)

    assert all(restored[id_].revised_at > seen[id_].revised_at for id_ in seen)
    later = await hear(file, [moved, conference("2", "New")], at=NOW + 3 * DAY)
    assert all(later[id_].revised_at > restored[id_].revised_at for id_ in seen)
    assert all(later[id_].sequence > restored[id_].sequence for id_ in seen)


async def test_a_restored_database_is_stamped_once(file: Path, tmp_path: Path) -> None:
    await hear(file, [conference("1"), room("9")], at=NOW)
    backup(url(file), tmp_path / "old.db")
    restore(tmp_path / "old.db", file)
    first = await hear(file, at=NOW + DAY)

    assert await hear(file, at=NOW + 2 * DAY) == first
    assert first["1"] == Revision(1, NOW + DAY)


async def test_a_backup_leaves_the_database_itself_alone(file: Path, tmp_path: Path) -> None:
    before = await hear(file, many(3), at=NOW)

    backup(url(file), tmp_path / "copy.db")

    assert await hear(file, many(3), at=NOW + DAY) == before


async def test_a_backup_never_replaces_the_database(file: Path) -> None:
    await hear(file, many(1), at=NOW)

    with pytest.raises(SettingsError, match="is the database itself"):
        backup(url(file), file)


async def test_an_older_backup_of_the_same_name_is_replaced_whole(file: Path, tmp_path: Path) -> None:
    await hear(file, many(3), at=NOW)
    (tmp_path / "copy.db").write_bytes(b"old")
    (tmp_path / "copy.db.partial").write_bytes(b"of a backup that was interrupted")

    backup(url(file), tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_bytes().startswith(b"SQLite format 3")


async def test_a_backup_that_fails_leaves_the_last_one(file: Path, tmp_path: Path) -> None:
    await hear(file, many(3), at=NOW)
    (tmp_path / "copy.db").write_bytes(b"the last one")
    damage(file)

    with pytest.raises(StoreUnavailable, match=r"confcal\.db is damaged and was not copied: restore it"):
        backup(url(file), tmp_path / "copy.db")

    assert (tmp_path / "copy.db").read_bytes() == b"the last one"
    assert not (tmp_path / "copy.db.partial").exists()


async def test_a_folder_that_cannot_be_written_to_is_told_with_what_to_do(file: Path, tmp_path: Path) -> None:
    await hear(file, many(1), at=NOW)

    with pytest.raises(StoreUnavailable, match=r"\(No such file or directory\); name a file in a writable"):
        backup(url(file), tmp_path / "missing" / "copy.db")


async def test_only_the_owner_may_read_the_database_and_its_copies(file: Path, tmp_path: Path) -> None:
    store = await open_store(url(file), migrate=True)
    await Synchronizer(store, Policy()).accept(listed(*many(3)))

    backup(url(file), tmp_path / "copy.db")

    made = [*file.parent.glob("confcal.db*"), tmp_path / "copy.db"]
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in made}
    await store.close()
    names = ("confcal.db", "confcal.db-wal", "confcal.db-shm", "copy.db")
    assert modes == dict.fromkeys(names, "0o600")


def test_a_database_that_its_group_may_read_stays_so(file: Path) -> None:
    asyncio.run(hear(file, many(1), at=NOW))
    file.chmod(0o640)

    asyncio.run(hear(file, many(2), at=NOW + DAY))

    assert oct(file.stat().st_mode & 0o777) == "0o640"


def test_where_there_is_no_database_there_is_nothing_to_back_up(file: Path, tmp_path: Path) -> None:
    with pytest.raises(
        StoreUnavailable, match=r"There is no database in .*: is CONFCAL_DATA_DIR the daemon's"
    ):
        backup(url(file), tmp_path / "copy.db")


def test_postgresql_is_backed_up_by_its_own_program(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="pg_dump"):
        backup("postgresql://user:word@host/name", tmp_path / "copy.db")


async def test_a_copy_that_was_made_otherwise_is_marked_by_hand(file: Path) -> None:
    before = await hear(file, many(2), at=NOW)
    with closing(sqlite3.connect(file)) as db:
        # As the documentation tells to do after a restore of pg_dump.
        db.execute("UPDATE meta SET value = '' WHERE name = 'rendering'")
        db.execute("UPDATE conferences SET fingerprint = '' WHERE fingerprint <> ''")
        db.commit()

    after = await hear(file, many(2), at=NOW + DAY)

    assert {id_: each.sequence for id_, each in after.items()} == dict.fromkeys(before, 1)
    assert Key(SERVER, "1").id in after


def test_a_database_of_another_program_is_told_as_that(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE songs (title TEXT)")

    with pytest.raises(StoreUnavailable, match=r"other\.db is not a database of confcal"):
        backup(f"sqlite:///{tmp_path}/other.db", tmp_path / "copy.db")

    assert not (tmp_path / "copy.db").exists()
