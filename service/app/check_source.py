"""
Whether a source answers, asked without running the daemon.
"""

import asyncio
from dataclasses import dataclass

from service.app.sources import make_source
from service.core.conference import Conference, Snapshot
from service.core.sources import IN_TROUBLE, SourceState
from service.settings.model import SourceSettings
from service.sources.hooks import NoHooks, SnapshotSink
from service.sources.status import SourceStatus
from service.sources.turns import Turns
from service.trueconf.discovery import Fetch

_SILENT = "no list came in time; see whether somebody is signed in there, or raise --timeout"


@dataclass(frozen=True, slots=True)
class SourceReport:
    """
    The result of asking one source for its list.
    """

    name: str
    good: bool
    text: str
    state: SourceState = SourceState.SILENT
    """Of a source whose list did not come."""

    conferences: tuple[Conference, ...] | None = None
    """What it listed; None where no list came."""


class _Trial(SnapshotSink, NoHooks):
    """Waits for the first list of a source, or for trouble with it."""

    def __init__(self) -> None:
        self.settled = asyncio.Event()
        self.snapshot: Snapshot | None = None

    async def accept(self, snapshot: Snapshot) -> None:
        self.snapshot = self.snapshot or snapshot
        self.settled.set()

    def note_status(self, status: SourceStatus) -> None:
        if status.state in IN_TROUBLE:
            self.settled.set()


async def report_of(
    name: str, settings: SourceSettings, fetch: Fetch, timeout_seconds: float
) -> SourceReport:
    """Ask one source for its list, and return the result."""
    if settings.url is None:
        return SourceReport(name, good=True, text=f"takes events at POST /api/events/{name}")
    trial = _Trial()
    source = make_source(name, settings, settings.url, fetch, trial, turns=Turns())
    asking = {asyncio.create_task(source.run(trial)), asyncio.create_task(trial.settled.wait())}
    await asyncio.wait(asking, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
    for task in asking:
        task.cancel()
    for ending in await asyncio.gather(*asking, return_exceptions=True):
        # The status reports trouble with the endpoint, so an exception is a bug.
        if isinstance(ending, Exception):
            raise ending
    if trial.snapshot is None:
        state = source.status.state if source.status.state in IN_TROUBLE else SourceState.SILENT
        return SourceReport(name, good=False, text=source.status.error or _SILENT, state=state)
    listing = trial.snapshot.listing
    text = f"{trial.snapshot.account}, {len(listing.conferences)} conferences"
    if listing.rejections:
        text += f", {len(listing.rejections)} rejected"
    return SourceReport(name, good=True, text=text, conferences=listing.conferences)
