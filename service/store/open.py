"""
Opening the store.
"""

from contextlib import AsyncExitStack

from service.store.engine import create_engine
from service.store.migrate import upgrade, verify
from service.store.sql import SqlStore


async def open_store(url: str, *, migrate: bool) -> SqlStore:
    """
    Return the store at `url`, its schema brought up to date where `migrate` says so, and checked otherwise.

    Raises SettingsError, StoreUnavailable, SchemaTooNew, and SchemaTooOld without `migrate`.
    """
    async with AsyncExitStack() as opened:
        engine = create_engine(url)
        opened.push_async_callback(engine.dispose)
        await (upgrade(engine) if migrate else verify(engine))
        opened.pop_all()
    return SqlStore(engine)
