from collections.abc import AsyncIterator

import httpx
import pytest

from tests.caldav.misbehaving import ORIGIN, PASSWORD, USERNAME, Misbehaving
from tests.caldav.site import Site, opened


@pytest.fixture
def server() -> Misbehaving:
    """A server in memory that keeps all promises, until the test tells it otherwise."""
    return Misbehaving()


@pytest.fixture
async def site(server: Misbehaving) -> AsyncIterator[Site]:
    """A target on it."""
    auth = httpx.BasicAuth(USERNAME, PASSWORD)
    async with opened(httpx.MockTransport(server.handle), ORIGIN + "/", "team", auth) as site:
        yield site
