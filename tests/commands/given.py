"""
Databases with something in them, for commands to work on.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from service.app.opening import open_settings_store
from service.app.policy import policy_of
from service.app.synchronizer import Synchronizer
from service.core.conference import Snapshot
from service.core.rejected import RejectedInput
from service.core.state import State
from service.settings.load import load_settings
from tests.core.given import conference, listed, once

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def heard(*snapshots: Snapshot) -> None:
    """Have these lists arrive at the database of the environment."""

    async def hear() -> None:
        settings = load_settings()
        store = await open_settings_store(settings)
        synchronizer = Synchronizer(store, policy_of(settings))
        await synchronizer.refresh()
        for snapshot in snapshots:
            await synchronizer.accept(snapshot)
        await store.close()

    asyncio.run(hear())


def held() -> None:
    """Have an account whose list is held: an empty one after one with two conferences."""
    now = datetime.now(UTC)
    tomorrow = once(f"{now + timedelta(days=1):%Y-%m-%d %H:%M}")
    two = (conference("1", "Планёрка", tomorrow), conference("2", "Review", tomorrow))
    heard(listed(*two, at=now), listed(at=now + timedelta(minutes=1)))


def known() -> State:
    """Return what the database of the environment knows."""

    async def load() -> State:
        store = await open_settings_store(load_settings())
        state = await store.load()
        await store.close()
        return state

    return asyncio.run(load())


def kept(*inputs: RejectedInput) -> Sequence[RejectedInput]:
    """Keep rejected inputs in the database of the environment; all that are kept."""

    async def keep() -> Sequence[RejectedInput]:
        store = await open_settings_store(load_settings())
        await store.record_rejected(inputs, keep=1000, since=LONG_AGO)
        found = await store.load_rejected()
        await store.close()
        return found

    return asyncio.run(keep())
