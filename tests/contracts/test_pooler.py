"""
A pooler gives each transaction any of its sessions: nothing of one is left behind, or missed, in the next.
"""

import asyncio

from sqlalchemy import text

from service.store.engine import begin_read, begin_write, create_engine
from service.store.migrate import migrate
from service.store.sql import open_store
from tests.contracts.databases import NewDatabase


async def test_the_same_statement_runs_in_whichever_session_is_free(pgbouncer: NewDatabase) -> None:
    url = pgbouncer(migrated=True)
    store, other = await open_store(url, migrate=False), create_engine(url)
    await store.feeds()

    # The session that served the store is taken now, so the store gets another one.
    async with begin_write(other) as db:
        await db.execute(text("SELECT 1"))
        assert await store.feeds() == {}

    await other.dispose()
    await store.close()


async def test_two_transactions_of_one_process_are_in_two_sessions(pgbouncer: NewDatabase) -> None:
    """What makes the test before this one a test."""
    engine = create_engine(pgbouncer())
    backend = text("SELECT pg_backend_pid()")

    async with begin_read(engine) as one, begin_read(engine) as two:
        sessions = {(await one.execute(backend)).scalar_one(), (await two.execute(backend)).scalar_one()}

    assert len(sessions) == 2
    await engine.dispose()


async def test_no_statement_is_kept_in_a_session(pgbouncer: NewDatabase) -> None:
    engine = create_engine(pgbouncer())
    async with begin_write(engine) as db:
        await db.execute(text("SELECT 1 WHERE 1 = :one"), {"one": 1})

    async with begin_read(engine) as db:
        kept = (await db.execute(text("SELECT count(*) FROM pg_prepared_statements"))).scalar_one()

    assert kept == 0
    await engine.dispose()


async def test_one_of_many_migrations_at_once_does_the_work(pgbouncer: NewDatabase) -> None:
    url = pgbouncer()

    done = await asyncio.gather(*(migrate(url) for _ in range(3)))

    assert [each.before for each in done].count(None) == 1


async def test_a_writer_that_is_stopped_within_a_transaction_gives_its_rows_free(
    pgbouncer: NewDatabase,
) -> None:
    """It cannot do that itself: the server ends a transaction that is idle, and no other."""
    engine = create_engine(pgbouncer())
    limit = text("SHOW idle_in_transaction_session_timeout")

    async with begin_write(engine) as db:
        writing = (await db.execute(limit)).scalar_one()
    async with begin_read(engine) as db:
        reading = (await db.execute(limit)).scalar_one()

    assert (writing, reading) == ("20s", "0")
    await engine.dispose()
