"""
Whether a source or a target is in order, in one word for the dashboard.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.core.sources import IN_TROUBLE, SourceState
from service.core.state import STALE_AFTER
from service.core.target_state import TargetState
from service.web.schemas import SourceView, TargetView

Severity = Literal["good", "warn", "bad", ""]
"""`good` is in order; nothing is not yet, without a fault."""


@dataclass(frozen=True, slots=True)
class HealthSummary:
    """
    The severity of every source and target, by name.
    """

    sources: dict[str, Severity]
    targets: dict[str, Severity]

    @classmethod
    def of(
        cls, sources: Iterable[SourceView], targets: Iterable[TargetView], now: datetime
    ) -> "HealthSummary":
        """Return the present health of these sources and targets."""
        return cls(
            {each.name: source_tone(each, now) for each in sources},
            {each.name: target_tone(each) for each in targets},
        )


def source_tone(source: SourceView, now: datetime) -> Severity:
    """Return whether lists arrive; `warn` for a silent source without a known fault."""
    if source.state in IN_TROUBLE:
        return "bad"
    if source.error or is_silent(source, now):
        return "warn"
    return "good" if source.state == SourceState.LISTENING and source.last_list_at else ""


def is_silent(source: SourceView, now: datetime) -> bool:
    """Return whether a connected source has sent nothing for longer than the time between lists."""
    return source.state == SourceState.LISTENING and now - (source.last_list_at or source.since) > STALE_AFTER


def target_tone(target: TargetView) -> Severity:
    """Return whether a target holds what it should."""
    if target.error:
        return "bad"
    if target.parked:
        return "warn"
    return "good" if target.state is TargetState.IN_STEP else ""
