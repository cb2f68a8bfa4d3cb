from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contracts.conftest import postgresql
from tests.contracts.databases import NewDatabase
from tests.e2e.program import Home
from tests.e2e.replicated import Site, open_site

__all__ = ["empty_site", "home", "postgresql", "site"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation that was never started."""
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


@pytest.fixture
async def site(tmp_path: Path, postgresql: NewDatabase) -> AsyncIterator[Site]:
    """Three Rooms, a CalDAV server and a PostgreSQL with tables and nothing in them."""
    async with open_site(Home(tmp_path / "home"), postgresql(migrated=True)) as opened:
        yield opened


@pytest.fixture
async def empty_site(tmp_path: Path, postgresql: NewDatabase) -> AsyncIterator[Site]:
    """The same for tests about the first start: the database is empty."""
    async with open_site(Home(tmp_path / "home"), postgresql()) as opened:
        yield opened
