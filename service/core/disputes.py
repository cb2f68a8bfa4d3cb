"""
Conferences that accounts keep reporting differently.
"""

from dataclasses import dataclass
from datetime import datetime

from service.core.conference import Account, Key
from service.core.consensus import Report, reports_of
from service.core.edits import Policy
from service.core.reconsider import Case
from service.core.state import State


@dataclass(frozen=True, slots=True)
class Dispute:
    """
    A conference in dispute.
    """

    key: Key
    topic: str
    """As the calendars show it."""

    counts: Account
    """The account whose report counts for now."""

    reports: tuple[Report, ...]
    """The report of each account, ordered by account."""


def find_disputes(state: State, policy: Policy, now: datetime) -> list[Dispute]:
    """
    Return the disputes, ordered by key.

    A difference younger than `MISSING_FOR` is not yet a dispute: the lists of others may be behind.
    """
    found = (_dispute(state, policy, now, key) for key in sorted(state.contested))
    return [dispute for dispute in found if dispute]


def _dispute(state: State, policy: Policy, now: datetime, key: Key) -> Dispute | None:
    case = Case.of(key, state, policy, now)
    reports = sorted(reports_of(key.id, case.views), key=lambda report: report.account)
    entry = case.entry
    if entry is None or not reports:
        return None
    verdict = case.judge(reports)
    if not verdict.disputed:
        return None
    return Dispute(key, entry.conference.topic, verdict.report.account, tuple(reports))
