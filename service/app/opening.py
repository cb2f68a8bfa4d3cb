"""
How the database of the settings is opened: by the daemon, and by a command beside it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.publishing.ports import Database
from service.settings.model import Settings
from service.settings.paths import database_url, make_installation
from service.store.engine import file_of
from service.store.migrate import create
from service.store.sql import open_store


async def open_settings_store(settings: Settings) -> Database:
    """
    Open the database for the daemon: an empty one gets its tables, one on SQLite is migrated.

    Another one is migrated by a command: replicas of the version before may run on it.
    Raises StoreUnavailable.
    """
    make_installation(settings)
    url = database_url(settings)
    if file_of(url) is None:
        await create(url)
    return await open_store(url, migrate=file_of(url) is not None)


async def create_database(settings: Settings) -> None:
    """
    Make the database, the data folder and the secret where they are missing; what is there stays as it is.

    Raises SettingsError and StoreUnavailable.
    """
    make_installation(settings)
    await create(database_url(settings))


@asynccontextmanager
async def with_store(settings: Settings) -> AsyncIterator[Database]:
    """Give the store of the daemon with these settings. Raises NoDatabase and StoreUnavailable."""
    store = await open_store(database_url(settings), migrate=False)
    try:
        yield store
    finally:
        await store.close()
