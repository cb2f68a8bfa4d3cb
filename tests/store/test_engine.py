"""
Addresses of databases, and what is agreed with SQLite.
"""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from service.core.errors import SettingsError
from service.store.engine import begin_read, begin_write, create_engine
from service.store.migrate import migrate
from service.store.sql import SqlStore
from tests.core.given import NOW, conference, listed
from tests.core.story import Story


@pytest.mark.parametrize(
    ("url", "used"),
    [
        ("sqlite:////data/confcal.db", "sqlite+aiosqlite:////data/confcal.db?timeout=15"),
        ("sqlite:///confcal.db?timeout=3", "sqlite+aiosqlite:///confcal.db?timeout=3"),
        ("sqlite:///confcal.db?timeout=0.5", "sqlite+aiosqlite:///confcal.db?timeout=0.5"),
        ("postgres://anna@db/confcal", "postgresql+asyncpg://anna@db/confcal"),
        ("postgresql://anna@db/confcal", "postgresql+asyncpg://anna@db/confcal"),
        ("postgresql+asyncpg://anna@db/confcal", "postgresql+asyncpg://anna@db/confcal"),
        ("postgresql://db/confcal?sslmode=require", "postgresql+asyncpg://db/confcal?ssl=require"),
        (
            "postgresql://db/confcal?prepared_statement_cache_size=0",
            "postgresql+asyncpg://db/confcal",
        ),
        ("postgresql:///confcal?host=/run/postgresql", "postgresql+asyncpg:///confcal?host=/run/postgresql"),
    ],
)
def test_the_usual_addresses_are_understood(url: str, used: str) -> None:
    assert create_engine(url).url.render_as_string().replace("%2F", "/") == used


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("hunter2", "is not an address: write sqlite:////directory/confcal.db or postgresql://"),
        ("postgresql://anna:hunter2@db:port/confcal", "is not an address"),
        ("postgresql://anna:x@hunter2@db/confcal", "an @ in the user or the password is written as %40"),
        ("postgresql://anna:x@hunter2,db/confcal", "its host or port cannot be read"),
        ("postgresql://anna:hunter2@db:99999/confcal", "write one from 1 to 65535"),
        ("postgresql://anna:hunter2@db:0/confcal", "write one from 1 to 65535"),
        ("mysql://anna:hunter2@db/confcal", "names mysql: confcal keeps its state in sqlite or postgresql"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("postgresql://anna:hunter2@db/confcal?channel_binding=require", "channel_binding is not known"),
        ("postgresql://anna:hunter2@db/confcal?port=abc", "port is not a number; write one like 15"),
        ("postgresql://db/confcal?prepared_statement_cache_size=abc", "size is not a number"),
        ("postgresql://anna:hunter2@db/confcal?sslmode=full", "sslmode is not understood; write one of"),
        ("postgresql://anna:hunter2@db/confcal?sslrootcert=/x", "only counts where the certificate is"),
        ("postgresql://anna:hunter2@db/confcal?sslcert=/x", "sslcert needs TLS; add sslmode=verify-full"),
        (
            "postgresql://anna:hunter2@db/confcal?sslmode=verify-full&sslrootcert=/missing.pem",
            "sslrootcert names /missing.pem, which cannot be used (No such file or directory)",
        ),
        (
            "postgresql://anna:hunter2@db/confcal?sslmode=verify-ca&sslrootcert=/etc/passwd",
            "sslrootcert names /etc/passwd, which cannot be used (it holds no usable certificate)",
        ),
        (
            "postgresql://anna:hunter2@db/confcal?sslmode=require&sslcert=/missing.pem",
            "sslcert names /missing.pem, which cannot be used (No such file or directory)",
        ),
        ("sqlite:////data/confcal.db?timeout=abc", "timeout is not a number"),
        ("sqlite:////data/confcal.db?timeout=1&timeout=2", "timeout is not a number"),
        ("sqlite:////data/confcal.db?mode=ro", "mode is not known; an address may have timeout"),
    ],
)
def test_another_address_is_refused_without_repeating_its_password(url: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as raised:
        create_engine(url)

    assert complaint in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 15_000)],
)
async def test_sqlite_keeps_what_was_committed(tmp_path: Path, pragma: str, value: object) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/confcal.db")

    async with begin_read(engine) as db:
        assert (await db.execute(text(f"PRAGMA {pragma}"))).scalar_one() == value
    await engine.dispose()


async def test_only_what_is_written_in_passing_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    engine, found = create_engine(f"sqlite:///{tmp_path}/confcal.db"), []

    for in_passing in (False, True, True, False):
        async with begin_write(engine, in_passing=in_passing) as db:
            found.append((await db.execute(text("PRAGMA synchronous"))).scalar_one())

    full, normal = 2, 1
    assert found == [full, normal, normal, full]
    await engine.dispose()


async def test_writers_of_one_process_wait_for_each_other_and_not_for_sqlite(tmp_path: Path) -> None:
    # With this address SQLite refuses at once whoever would have to wait.
    engine = create_engine(f"sqlite:///{tmp_path}/confcal.db?timeout=0")
    async with begin_write(engine) as db:
        await db.execute(text("CREATE TABLE numbers (number INTEGER)"))

    async def write(number: int) -> None:
        async with begin_write(engine) as db:
            await db.execute(text("INSERT INTO numbers VALUES (:number)"), {"number": number})
            await asyncio.sleep(0)

    await asyncio.gather(*map(write, range(20)))

    async with begin_read(engine) as db:
        found = list((await db.execute(text("SELECT number FROM numbers ORDER BY rowid"))).scalars())
    assert found == list(range(20))
    await engine.dispose()


async def test_a_cancelled_writer_in_passing_leaves_no_connection_that_forgets_the_disk(
    tmp_path: Path,
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/confcal.db")

    async def write_in_passing() -> None:
        async with begin_write(engine, in_passing=True):
            pass

    for passed in range(40):
        writing = asyncio.create_task(write_in_passing())
        for _ in range(passed):
            await asyncio.sleep(0)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        async with begin_write(engine) as db:
            assert (await db.execute(text("PRAGMA synchronous"))).scalar_one() == 2  # FULL
    await engine.dispose()


async def test_a_writer_that_is_cancelled_or_fails_lets_the_next_one_write(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/confcal.db?timeout=0")
    writing = asyncio.Event()

    async def write_for_ever() -> None:
        async with begin_write(engine):
            writing.set()
            await asyncio.Event().wait()

    async def fail() -> None:
        async with begin_write(engine):
            raise LookupError

    first, second = asyncio.create_task(write_for_ever()), asyncio.create_task(fail())
    await writing.wait()
    first.cancel()
    with pytest.raises(LookupError):
        await second

    async with begin_write(engine) as db:
        await db.execute(text("CREATE TABLE numbers (number INTEGER)"))
    await engine.dispose()


async def test_only_an_arrival_that_changes_nothing_is_recorded_in_passing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/confcal.db"
    await migrate(url)
    engine, story, found = create_engine(url), Story(), []
    store = SqlStore(engine)

    for snapshot in (
        listed(conference("1")),
        listed(conference("1"), at=NOW + timedelta(minutes=10)),
        listed(conference("2"), at=NOW + timedelta(minutes=20)),
    ):
        version = await store.version()
        await store.record(story.records(snapshot), version=version)
        async with begin_read(engine) as db:
            found.append((await db.execute(text("PRAGMA synchronous"))).scalar_one())

    full, normal = 2, 1
    assert found == [full, normal, full]
    await engine.dispose()
