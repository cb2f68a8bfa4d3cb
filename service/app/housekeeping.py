"""
What one replica does for all. It deletes old rows, and renders VEVENTs again after a change of settings.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from service.app.build import Parts
from service.app.clock import utc_now
from service.app.policy import policy_of, rendering_digest
from service.app.synchronizer import Synchronizer
from service.core.errors import StaleState, StoreUnavailable
from service.core.strip import slot_of
from service.core.zone_notices import ZoneNotice, is_warning, without_topics
from service.publishing.ports import Database
from service.settings.model import Settings

log = structlog.get_logger()

_AGAIN_SECONDS = 5.0
"""Interval between checks whether the last replica with other settings has ended."""


_LOOK_SECONDS = 60.0
"""Interval between checks whether VEVENTs need rendering: settings may be read again at any time."""


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """
    The housekeeping of the replica that holds its lease.
    """

    parts: Parts
    zones: "ZoneLog"

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        store, due = StoreWatch(), self.parts.timetable.purge
        noted: int | None = None
        while True:
            waits = False
            with store.tolerate_failure():
                now = utc_now()
                if slot_of(now) != noted:
                    await self.parts.store.journal.note_running(now)
                    noted = slot_of(now)
                waits = not await render_anew(self.parts)
                if due.is_set():
                    due.clear()
                    await self._purge()
            # wait_for() of Python 3.11 loses a cancellation that arrives together with the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(_AGAIN_SECONDS if waits else _LOOK_SECONDS):
                    await due.wait()

    async def _purge(self) -> None:
        parts, now = self.parts, utc_now()
        with parts.leases.try_rendering() as allowed:
            await run_housekeeping(parts.synchronizer, parts.settings, now, may_render=allowed)
        await parts.store.journal.prune(now - parts.settings.journal.keep_for)
        await forget_accounts(parts.store, parts.synchronizer, now - parts.settings.removal.keep_ended)
        self.zones.log_new(parts.reporter.zone_notices(now))


async def render_anew(parts: Parts) -> bool:
    """
    Render the stored VEVENTs by the present settings, if this replica may.

    Return whether nothing is left to do.

    Raises StoreUnavailable.
    """
    now = utc_now()
    digest = rendering_digest(policy_of(parts.settings), now)
    if await parts.store.rendering() == digest:
        return True
    with parts.leases.try_rendering() as allowed:
        return await parts.synchronizer.render_anew(rendering=digest, now=now, may_render=allowed)


async def run_housekeeping(
    synchronizer: Synchronizer, settings: Settings, now: datetime, *, may_render: bool = True
) -> None:
    """
    Forget what is in no list any more, move old series on, and follow zones with new rules.

    Raises StoreUnavailable.
    """
    await synchronizer.move_on(now)
    await synchronizer.purge(now - settings.removal.keep_ended)
    digest = rendering_digest(policy_of(settings), now)
    await synchronizer.render_anew(rendering=digest, now=now, may_render=may_render)


async def forget_accounts(store: Database, synchronizer: Synchronizer, before: datetime) -> None:
    """
    Forget accounts without a list since a moment and with empty calendars.

    Raises StoreUnavailable.
    """
    forgotten = await store.purge_accounts(before)
    if forgotten:
        log.info("app.accounts_forgotten", accounts=forgotten)
        # Their calendars leave the directory.
        await synchronizer.refresh()


class ZoneLog:
    """Logs once what an operator should know about each zone, without repeating it as conferences change."""

    def __init__(self) -> None:
        self._logged: set[tuple[type[ZoneNotice], str]] = set()

    def log_new(self, notices: Iterable[ZoneNotice]) -> None:
        """Log those of `notices` that were not logged yet."""
        for notice in map(without_topics, notices):
            key = (type(notice), notice.subject)
            if key not in self._logged:
                self._logged.add(key)
                write = log.warning if is_warning(notice) else log.info
                write(
                    "app.zone_notice",
                    notice=type(notice).__name__,
                    about=notice.subject,
                    text=notice.describe(),
                )


class StoreWatch:
    """Logs when the store fails and when it works again, without repeating it in between."""

    def __init__(self) -> None:
        self._failing = False

    @contextmanager
    def tolerate_failure(self) -> Iterator[None]:
        """Suppress a StoreUnavailable or StaleState that is raised inside: it is tried again later."""
        try:
            yield
        except (StoreUnavailable, StaleState) as error:
            if not self._failing:
                log.warning("app.store_unavailable", error=str(error))
            self._failing = True
        else:
            if self._failing:
                log.info("app.store_available")
            self._failing = False
