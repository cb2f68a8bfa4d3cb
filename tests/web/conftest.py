from collections.abc import AsyncIterator

import pytest

from tests.core.given import conference, listed, weekly
from tests.web.given import Web, served


@pytest.fixture
async def empty_web() -> AsyncIterator[Web]:
    """A server that never heard of a list."""
    async with served() as web:
        yield web


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    """A server with a single and a weekly conference."""
    async with served() as web:
        await web.accept(listed(conference("100"), conference("200", "Stand-up", weekly())))
        yield web
