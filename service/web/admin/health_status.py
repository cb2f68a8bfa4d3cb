"""
Whether a source or a target is in order, in one word for the dashboard.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.core.quiet import NEVER_QUIET, QuietHours
from service.core.sources import IN_TROUBLE, SourceState, is_quiet
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
        cls,
        sources: Iterable[SourceView],
        targets: Iterable[TargetView],
        now: datetime,
        quiet: Mapping[str, QuietHours],
    ) -> "HealthSummary":
        """Return the present health of these sources, whose quiet hours are given, and targets."""
        return cls(
            {each.name: source_tone(each, now, quiet.get(each.name, NEVER_QUIET)) for each in sources},
            {each.name: target_tone(each) for each in targets},
        )


def source_tone(source: SourceView, now: datetime, quiet: QuietHours = NEVER_QUIET) -> Severity:
    """Return whether lists arrive; `warn` for a silent source without a known fault."""
    if is_quiet(source.state, source.since, quiet, now):
        return ""
    if source.state in IN_TROUBLE:
        return "bad"
    if source.error or is_silent(source, now, quiet):
        return "warn"
    return "good" if source.state == SourceState.LISTENING and source.last_list_at else ""


def is_silent(source: SourceView, now: datetime, quiet: QuietHours = NEVER_QUIET) -> bool:
    """Return whether a connected source has sent nothing for longer than the time between lists."""
    heard = source.last_list_at or source.since
    return source.state is SourceState.LISTENING and quiet.is_overdue(heard, now, STALE_AFTER)


def target_tone(target: TargetView) -> Severity:
    """Return whether a target holds what it should."""
    if target.error:
        return "bad"
    if target.parked:
        return "warn"
    return "good" if target.state in (TargetState.IN_STEP, TargetState.ELSEWHERE) else ""
