"""
Databases that cannot be used say so in one sentence.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.exc import DBAPIError, NoResultFound

from service.core.changes import Changes
from service.core.conference import Account, Conference, Key
from service.core.errors import ConnectionEnded, NoDatabase, SchemaTooOld, StoreUnavailable
from service.core.ports import FeedRecord
from service.core.schedule import Unscheduled
from service.core.state import State
from service.store.engine import create_engine
from service.store.failures import translate_errors
from service.store.migrate import migrate
from service.store.ownership import describe_process, user_name
from service.store.sql import SqlStore, open_store
from service.store.volume import lacks_locks

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ARRIVAL = Changes(Account("ivanov", "video.example.org"), "lobby", NOON, 0)
POSTGRESQL = make_url("postgresql+asyncpg://anna:hunter2@db.example.org/confcal")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "confcal.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def address(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    return f"sqlite:///{file}"


async def migrated(file: Path) -> SqlStore:
    return await open_store(f"sqlite:///{file}?timeout=0.01", migrate=True)


async def test_a_missing_directory_is_named(file: Path) -> None:
    with pytest.raises(
        StoreUnavailable, match=r"/missing/confcal\.db cannot be opened: create its directory"
    ):
        await open_store(f"sqlite:///{file.parent}/missing/confcal.db", migrate=True)


async def test_a_file_that_is_no_database_is_named(file: Path) -> None:
    url = address(file, b"Dear diary, this is no database. " * 100)

    with pytest.raises(StoreUnavailable, match="is not an SQLite file"):
        await open_store(url, migrate=True)


async def test_a_locked_database_can_be_read_and_not_written(file: Path) -> None:
    store = await migrated(file)

    with locked(file), pytest.raises(StoreUnavailable, match="is locked by another program"):
        await store.record(ARRIVAL, version=0)

    with locked(file):
        assert await store.version() == 0
    assert await store.record(ARRIVAL, version=0) == 0
    await store.close()


@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [
        ("query_only = ON", "is read-only: let confcal's user write"),
        ("max_page_count = 1", "is on a full disk"),
    ],
)
async def test_a_database_that_takes_no_more_is_unavailable(file: Path, pragma: str, sentence: str) -> None:
    await migrate(f"sqlite:///{file}")
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine.sync_engine, "connect", lambda db, _: db.cursor().execute(f"PRAGMA {pragma}"))
    store = SqlStore(engine)

    with pytest.raises(StoreUnavailable, match=sentence):
        await store.record_feed("all", FeedRecord(digest="0" * 100_000))

    assert await store.feeds() == {}
    await store.close()


async def test_a_refused_row_is_unavailable_and_leaves_nothing(file: Path) -> None:
    store = await migrated(file)
    gone = Conference("100", "Planning", "brown", Unscheduled())

    with pytest.raises(StoreUnavailable, match="refused a statement with SQLITE_CONSTRAINT_FOREIGNKEY"):
        await store.record(replace(ARRIVAL, reports=(gone,)), version=0)

    assert await store.load() == State()
    await store.close()


async def test_a_lost_table_is_unavailable(file: Path) -> None:
    store = await migrated(file)
    with closing(sqlite3.connect(file)) as other:
        other.execute("DROP TABLE feeds")

    with pytest.raises(StoreUnavailable, match="refused a statement with SQLITE_ERROR"):
        await store.feeds()
    await store.close()


async def test_a_damaged_conference_keeps_its_place_and_revision_and_differs_from_any_list(
    file: Path,
) -> None:
    store = await migrated(file)
    with closing(sqlite3.connect(file)) as other, other:
        other.execute(
            "INSERT INTO conferences VALUES ('s', '1', 0, 'lobby', x'00', 7, 1, x'ff', NULL, NULL, NULL, 0)"
        )

    (entry,) = (await store.load()).entries.values()

    assert (entry.key, entry.revision.sequence, entry.fingerprint) == (Key("s", "1"), 7, b"\xff")
    assert entry.conference == Conference("1", "", "", Unscheduled())
    await store.close()


async def test_an_empty_file_is_not_taken_for_an_empty_calendar(file: Path) -> None:
    url = address(file, b"")

    with pytest.raises(SchemaTooOld, match="run `confcal migrate`"):
        await open_store(url, migrate=False)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with pytest.raises(StoreUnavailable) as raised:
        await open_store("postgresql://anna:hunter2@127.0.0.1:1/confcal", migrate=True)

    assert str(raised.value) == (
        "The database confcal on 127.0.0.1 cannot be reached (Connection refused): "
        "see whether the server runs, or correct CONFCAL_DATABASE_URL"
    )


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (asyncpg.OutOfMemoryError("anna"), "has too little memory or space"),
        (asyncpg.DiskFullError("anna"), "is on a full disk"),
        (asyncpg.ReadOnlySQLTransactionError("anna"), "is read-only: name the primary"),
        (asyncpg.AdminShutdownError("anna"), "is starting or stopping"),
        (asyncpg.InsufficientPrivilegeError("anna"), "grant it the rights"),
        (asyncpg.DivisionByZeroError("anna"), "refused a statement with 22012"),
        (asyncpg.InterfaceError("anna"), "failed with InterfaceError"),
        (asyncpg.InterfaceError("anna: connection is closed"), "has closed the connection"),
        (asyncpg.InternalClientError("cannot switch to state 11"), "has closed the connection"),
        (TimeoutError(), "did not answer in time"),
        (ConnectionRefusedError("anna"), "cannot be reached"),
        (NoResultFound("anna"), "failed with NoResultFound"),
    ],
)
def test_errors_of_a_server_become_sentences_without_their_text(error: Exception, sentence: str) -> None:
    with pytest.raises(StoreUnavailable, match=sentence) as raised, translate_errors(POSTGRESQL):
        raise error

    assert str(raised.value).startswith("The database confcal on db.example.org ")
    assert "anna" not in str(raised.value)
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (asyncpg.ConnectionDoesNotExistError("anna"), True),
        (asyncpg.IdleInTransactionSessionTimeoutError("anna"), True),
        (asyncpg.AdminShutdownError("anna"), True),
        (asyncpg.InterfaceError("anna: connection is closed"), True),
        (asyncpg.CannotConnectNowError("anna"), False),
        (asyncpg.TooManyConnectionsError("anna"), False),
        (ConnectionRefusedError("anna"), False),
        (TimeoutError(), False),
    ],
)
def test_only_the_end_of_a_connection_that_was_in_use_invites_to_try_again(
    error: Exception, *, ended: bool
) -> None:
    with pytest.raises(StoreUnavailable) as raised, translate_errors(POSTGRESQL):
        raise error

    assert isinstance(raised.value, ConnectionEnded) is ended


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            asyncpg.InvalidPasswordError('password authentication failed for user "confcal"\nHINT: x'),
            'refuses the user or the password (password authentication failed for user "confcal"): correct ',
        ),
        (
            asyncpg.InvalidCatalogNameError('database "confcal" does not exist'),
            'does not exist (database "confcal" does not exist): create it',
        ),
        (
            asyncpg.TooManyConnectionsError("sorry, too many clients already"),
            "has too many connections (sorry, too many clients already): raise max_connections",
        ),
        (
            asyncpg.InvalidAuthorizationSpecificationError(
                'no pg_hba.conf entry for host "10.0.0.7", user "confcal", database "confcal", no encryption'
            ),
            "no encryption): add sslmode=require to CONFCAL_DATABASE_URL",
        ),
        (
            asyncpg.ProtocolViolationError("no such user: confcal"),
            "was not let through by a pooler, or broke the protocol (no such user: confcal): correct ",
        ),
        (
            asyncpg.CannotConnectNowError("the database system is starting up"),
            "is starting or stopping, or took too long (the database system is starting up): see ",
        ),
        (
            asyncpg.exceptions.ClientConfigurationError('root certificate file "/r.crt" does not exist'),
            'cannot be checked (root certificate file "/r.crt" does not exist): add sslrootcert=FILE',
        ),
    ],
)
def test_why_no_connection_came_about_is_told_in_the_words_of_the_server_or_the_driver(
    error: Exception, sentence: str
) -> None:
    with pytest.raises(StoreUnavailable) as raised, translate_errors(POSTGRESQL):
        raise error

    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def sqlite_error(code: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorname = code
    return error


@pytest.mark.parametrize("code", ["SQLITE_PROTOCOL", "SQLITE_IOERR_LOCK", "SQLITE_IOERR_SHMMAP"])
def test_a_volume_without_locks_is_named_as_such(file: Path, code: str) -> None:
    with pytest.raises(StoreUnavailable) as raised, translate_errors(make_url(f"sqlite+aiosqlite:///{file}")):
        raise sqlite_error(code)

    assert "this volume does not give the locks that SQLite needs" in str(raised.value)


@pytest.mark.parametrize("code", ["SQLITE_BUSY", "SQLITE_PROTOCOL", "SQLITE_IOERR_LOCK"])
def test_where_a_file_that_nobody_knows_is_locked_too_the_volume_gives_no_locks(
    file: Path, code: str
) -> None:
    def refused(_file: Path) -> sqlite3.Connection:
        raise sqlite_error(code)

    assert lacks_locks("SQLITE_BUSY", file, connect=refused)
    assert list(file.parent.iterdir()) == []


def test_where_another_file_can_be_locked_a_program_holds_the_lock(file: Path) -> None:
    assert not lacks_locks("SQLITE_BUSY", file)
    assert not lacks_locks("SQLITE_BUSY_SNAPSHOT", file.parent / "missing" / "confcal.db")
    assert list(file.parent.iterdir()) == []


def test_a_command_that_finds_no_database_makes_none(file: Path) -> None:
    with pytest.raises(NoDatabase) as refused:
        asyncio.run(open_store(f"sqlite:///{file}", migrate=False))

    assert str(refused.value) == f"There is no database in {file}: is CONFCAL_DATA_DIR the daemon's?"
    assert not file.exists()


def test_a_database_that_cannot_be_opened_is_told_with_whose_it_is_and_who_we_are(file: Path) -> None:
    file.mkdir()

    with pytest.raises(StoreUnavailable) as raised:
        asyncio.run(open_store(f"sqlite:///{file}", migrate=True))

    assert f"({file} belongs to {user_name(file.stat().st_uid)}, group " in str(raised.value)
    assert str(raised.value).endswith(f"; confcal runs as {describe_process()})")
    assert "create its directory" not in str(raised.value)


def test_a_wrapped_error_is_known_by_its_code() -> None:
    full = sqlite3.OperationalError("Secret")
    full.sqlite_errorname = "SQLITE_FULL"

    with (
        pytest.raises(StoreUnavailable) as raised,
        translate_errors(make_url("sqlite+aiosqlite:////data/confcal.db")),
    ):
        raise DBAPIError("INSERT", {"topic": "Secret"}, full)

    assert str(raised.value) == "The database /data/confcal.db is on a full disk: free some space"
