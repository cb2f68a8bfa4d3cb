"""
What rings inside the process: polls of the sources, a look at the database, the daily housekeeping.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from service.sources.endpoint import Endpoint

_REFRESH_SECONDS = 5
"""How often the daemon looks whether another command wrote to its database."""

_PURGE_HOURS = 24


class Timetable:
    """
    Polls the sources and sets the events that tasks of the daemon wait for. It does no work itself.
    """

    def __init__(self, sources: Iterable[Endpoint], poll_every: timedelta) -> None:
        seconds = poll_every.total_seconds()
        self.refresh, self.purge = asyncio.Event(), asyncio.Event()
        # A daemon that is restarted every night must purge too.
        self.purge.set()
        self._scheduler = new_scheduler()
        self._polls = {
            source.status.name: self._scheduler.add_job(
                in_loop(source.poll_now), "interval", seconds=seconds, jitter=seconds / 10
            )
            for source in sources
        }
        self._scheduler.add_job(in_loop(self.refresh.set), "interval", seconds=_REFRESH_SECONDS)
        self._scheduler.add_job(in_loop(self.purge.set), "interval", hours=_PURGE_HOURS)

    def start(self) -> None:
        """Begin to ring, within the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Ring no more."""
        self._scheduler.shutdown(wait=False)

    def next_poll(self, source: str) -> datetime | None:
        """Return when a source is asked next, None where nobody asks it."""
        # A job has no such time before the scheduler was started.
        return getattr(self._polls.get(source), "next_run_time", None)


def new_scheduler() -> AsyncIOScheduler:
    """Return a scheduler that makes up for what a busy loop missed, once."""
    return AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})


def in_loop(notify: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Return the job that calls `notify` within the loop: a plain function would run in a thread."""

    async def job() -> None:
        notify()

    return job
