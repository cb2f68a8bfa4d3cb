"""
Which report of a conference counts where several accounts list it.

Each account's list is a report. The newest change counts for as long as the lists of others may be behind. If
reports still differ after that, the owner's account counts, then the majority of accounts, then the newest
change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from service.core.account_state import AccountState
from service.core.conference import Account, Conference
from service.core.schedule import Unscheduled
from service.core.trueconf_id import full_id

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_HEARD_FOR = timedelta(days=7)
"""An account without a list for this long cannot keep others from unscheduling a conference."""


@dataclass(frozen=True, slots=True)
class Report:
    """
    What one account reports about a conference.
    """

    account: Account
    source: str
    """The source that its last list came from."""

    conference: Conference
    changed_at: datetime
    """When the account last changed its report of the conference."""

    confirmed_at: datetime
    """When a list of the account last confirmed the report."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    The report that counts.
    """

    report: Report
    disputed: bool = False
    """Whether accounts keep reporting it differently, so that a person should look."""


def reports_of(conference_id: str, views: Iterable[AccountState]) -> list[Report]:
    """
    Return the reports of a conference by the accounts that still list it.

    An account whose last good list lacked the conference no longer reports it.
    """
    return [
        Report(
            known.account,
            known.source,
            known.reported[conference_id],
            known.changed_at.get(conference_id, _LONG_AGO),
            known.list_at or _LONG_AGO,
        )
        for known in views
        if known.lists(conference_id)
    ]


def judge(reports: Sequence[Report], now: datetime, behind_for: timedelta) -> Verdict:
    """
    Return which of `reports` counts. There must be at least one.

    Reports are compared as they are; the caller first aligns series that differ only in their next
    occurrence. Of changes made at the same moment, the first report counts as the newest. `behind_for` is how
    long the lists of others may lag behind a change.
    """
    heard = [report for report in reports if now - report.confirmed_at < _HEARD_FOR] or reports
    voices = _drop_unscheduled(heard)
    newest = max(voices, key=lambda report: report.changed_at)
    if now - newest.changed_at < behind_for:
        return Verdict(newest)
    settled_at = newest.changed_at + behind_for
    lasting = [each for each in heard if each is newest or each.confirmed_at >= settled_at]
    disputed = _differ(lasting)
    lasting_voices = [each for each in lasting if each in voices]
    if not _differ(lasting_voices):
        return Verdict(newest, disputed)
    owner = _owner(lasting_voices)
    owned = [each for each in lasting_voices if full_id(str(each.account), each.account.server) == owner]
    return Verdict(owned[0] if owned else _most(lasting_voices) or newest, disputed)


def _drop_unscheduled(reports: Sequence[Report]) -> Sequence[Report]:
    """Drop reports without a schedule while another account still lists the conference as scheduled."""
    scheduled = [each for each in reports if not isinstance(each.conference.schedule, Unscheduled)]
    return scheduled or reports


def _owner(reports: Sequence[Report]) -> str:
    """Return the full ID of the owner that most reports name; in a tie, the one reported first."""
    named = [
        (full_id(each.conference.owner, each.account.server), each.changed_at)
        for each in reports
        if each.conference.owner
    ]
    names = [name for name, _ in named]
    return min(named, key=lambda one: (-names.count(one[0]), one[1]), default=("", _LONG_AGO))[0]


def _most(reports: Sequence[Report]) -> Report | None:
    """Return a report of the version that the most accounts agree on; None in a tie."""
    groups: list[list[Report]] = []
    for report in reports:
        for group in groups:
            if group[0].conference == report.conference:
                group.append(report)
                break
        else:
            groups.append([report])
    groups.sort(key=len, reverse=True)
    if len(groups) > 1 and len(groups[0]) == len(groups[1]):
        return None
    return max(groups[0], key=lambda report: report.changed_at)


def _differ(reports: Sequence[Report]) -> bool:
    return any(each.conference != reports[0].conference for each in reports[1:])


def with_start_of(report: Report, conference: Conference) -> Report:
    """Return a copy of the report with the schedule of `conference`."""
    return replace(report, conference=replace(report.conference, schedule=conference.schedule))
