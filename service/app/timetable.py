"""
The timers of the process: polls of the sources, checks of the database, the daily housekeeping.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

_REFRESH_SECONDS = 5
"""How often the daemon looks whether another command wrote to its database."""

_PURGE_HOURS = 24


class Pollable(Protocol):
    """
    A source that is asked for its list.
    """

    def poll_now(self) -> None:
        """Have the list asked for soon."""
        ...


class Timetable:
    """
    Polls the sources and sets the events that tasks of the daemon wait for. It does no work itself.
    """

    def __init__(self) -> None:
        self.refresh, self.purge = asyncio.Event(), asyncio.Event()
        # A daemon that is restarted every night must purge too.
        self.purge.set()
        self._scheduler = new_scheduler()
        self._polls: dict[str, tuple[Pollable, float, Job]] = {}
        self._scheduler.add_job(in_loop(self.refresh.set), "interval", seconds=_REFRESH_SECONDS)
        self._scheduler.add_job(in_loop(self.purge.set), "interval", hours=_PURGE_HOURS)

    def apply(self, sources: Mapping[str, Pollable], poll_every: timedelta) -> None:
        """Poll exactly these sources; the polls of one that stays go on as they were."""
        seconds = poll_every.total_seconds()
        for name, (source, before, job) in list(self._polls.items()):
            if sources.get(name) is not source or before != seconds:
                job.remove()
                del self._polls[name]
        for name, source in sources.items():
            if name not in self._polls:
                job = self._scheduler.add_job(
                    in_loop(source.poll_now), "interval", seconds=seconds, jitter=seconds / 10
                )
                self._polls[name] = source, seconds, job

    def start(self) -> None:
        """Start the timers within the running loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Stop the timers."""
        self._scheduler.shutdown(wait=False)

    def next_poll(self, source: str) -> datetime | None:
        """Return when a source is polled next; None if nothing polls it."""
        _, _, job = self._polls.get(source, (None, 0, None))
        # A job has no such time before the scheduler was started.
        return getattr(job, "next_run_time", None)


def new_scheduler() -> AsyncIOScheduler:
    """Return a scheduler that makes up for what a busy loop missed, once."""
    return AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})


def in_loop(notify: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    """Return the job that calls `notify` within the loop: a plain function would run in a thread."""

    async def job() -> None:
        notify()

    return job
