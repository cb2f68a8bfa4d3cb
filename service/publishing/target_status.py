"""
How one target is doing, and its entries in the journal.
"""

from dataclasses import dataclass, field
from datetime import datetime

from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.target_state import PUBLISHING, TargetState
from service.publishing.model import Publication, SyncReport

_BROKEN = frozenset({TargetState.DOWN, TargetState.FAILING})


@dataclass(slots=True)
class TargetStatus:
    """
    How one target is doing.
    """

    name: str
    calendar: str
    state: TargetState = TargetState.STARTING

    error: str = ""
    last_pass_at: datetime | None = None
    """When a pass last came to its end that the server answered; most have nothing to ask."""

    lag_seconds: float | None = None
    """From the first change that waited to the end of the pass that published it."""

    pending: int = 0
    parked: dict[Publication, datetime] = field(default_factory=dict)
    """Since when we know of it."""

    totals: SyncReport = field(default_factory=SyncReport)


def describe_change(status: TargetStatus, before: TargetState, now: datetime) -> list[JournalEntry]:
    """Return the journal entries after a round in which the target came into trouble, or out of it."""
    was, change = before in _BROKEN, (FieldChange("state", before, status.state),)
    at = now.replace(microsecond=0)
    if status.state in _BROKEN and status.state is not before:
        refused = Happening.TARGET_REFUSED
        return [JournalEntry(at, refused, target=status.name, fields=change, note=status.error)]
    if was and status.state in PUBLISHING:
        return [JournalEntry(at, Happening.TARGET_RECOVERED, target=status.name, fields=change)]
    return []


def state_without_error(status: TargetStatus) -> TargetState:
    """Return the state of a target whose last round met no trouble."""
    if status.parked:
        return TargetState.INCOMPLETE
    return TargetState.WAITING if status.pending else TargetState.IN_STEP
