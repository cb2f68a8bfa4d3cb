"""
Who takes over what a source hears, and who only listens in.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from service.core.conference import Account, Snapshot
from service.sources.status import SourceStatus
from service.trueconf.events import FrameWasRejected

SnapshotSink = Callable[[Snapshot], Awaitable[None]]
"""Takes a snapshot over; raises ConfcalError where it cannot just now."""


def _ignore(*_: object) -> None:
    """Take no interest."""


@dataclass(frozen=True, slots=True)
class SourceHooks:
    """
    Who else wants to know what a source hears; called at once, and must not wait.
    """

    status: Callable[[SourceStatus], None] = _ignore
    """Told of every change of status."""

    frame: Callable[[str, bytes, datetime], None] = _ignore
    """Told of every frame: the source's name, what arrived, when."""

    rejected: Callable[[str, Account | None, FrameWasRejected], None] = _ignore
    """Told of every frame that could not be used, with the account last heard of."""


NO_HOOKS = SourceHooks()
"""Nobody listens in."""
