"""
How one list changes one conference: which report counts, how its schedule continues, what is closed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from service.core.account_state import AccountState, Entry
from service.core.changes import Closing, Edit
from service.core.conference import Account, Conference, Key
from service.core.consensus import Report, Verdict, judge, reports_of, with_start_of
from service.core.edits import Policy, edit_of
from service.core.past import Course, begin_course, close, continue_course, move_on, part_of, resume_course
from service.core.schedule import Bounds, Weekly
from service.core.state import State, differ
from service.core.weekly import continues


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What a list changes about one conference.
    """

    key: Key
    contested: bool
    """Whether accounts report it differently."""

    edit: Edit | None = None
    """Its live part, where that is new or differs."""

    closings: tuple[Closing, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """
    One conference at the moment of a list: what is known about it, and the settings that judge it.
    """

    key: Key
    state: State
    policy: Policy
    now: datetime
    views: tuple[AccountState, ...]
    """Of the accounts in whose calendars it is."""

    @classmethod
    def of(cls, key: Key, state: State, policy: Policy, now: datetime) -> "Case":
        """Return the case of a conference, known or new."""
        return cls(key, state, policy, now, tuple(state.reporters(key)))

    @property
    def entry(self) -> Entry | None:
        """What the calendars show of it, or last showed."""
        return self.state.entries.get(self.key)

    @property
    def holders(self) -> frozenset[Account]:
        """The accounts that have it in their calendars."""
        return frozenset(known.account for known in self.views)

    def reconsider(self, new: Report) -> Outcome:
        """Return the outcome of one account's new report, next to the last reports of the others."""
        others = self._views_without(new.account)
        contested = differ([new.conference, *self._find_reports(others)])
        edit, closings = self._judge(self.entry, [new, *reports_of(self.key.id, others)], self.holders)
        return Outcome(self.key, contested, edit, closings)

    def depart(self, account: Account, since: datetime) -> Outcome:
        """
        Return the outcome when the conference leaves an account's calendar; lists lack it since `since`.

        The past of a series stays in every calendar that had it. If other accounts still list it, its live
        part continues for them after that moment.
        """
        entry, holders, others = self.state.entries[self.key], self.holders, self._views_without(account)
        reports, contested = reports_of(self.key.id, others), differ(self._find_reports(others))
        closed = None
        if isinstance(entry.conference.schedule, Weekly):
            rules = self.policy.rendering(entry.source).weekly
            closed = close(entry.conference.schedule, entry.bounds, rules, since)
        if closed is None:
            return Outcome(self.key, contested, *self._judge(entry, reports, holders - {account}))
        cut = replace(entry, bounds=replace(entry.bounds, since=since))
        closing = self._close(entry, closed, holders)
        if holders == {account}:
            # It has no VEVENT while it is in no calendar. If it comes back, its past is not shown twice.
            return Outcome(self.key, contested, Edit(cut, {}), (closing,))
        if not reports:
            edit = self._edit(self.key, cut.conference, cut.source, cut.bounds)
            return Outcome(self.key, contested, edit, (closing,))
        following, closings = self._judge(cut, reports, holders - {account})
        return Outcome(self.key, contested, following, (closing, *closings))

    def _views_without(self, account: Account) -> list[AccountState]:
        return [known for known in self.views if known.account != account]

    def _find_reports(self, views: Iterable[AccountState]) -> list[Conference]:
        return [known.reported[self.key.id] for known in views]

    def _judge(
        self, entry: Entry | None, reports: Sequence[Report], holders: frozenset[Account]
    ) -> tuple[Edit | None, tuple[Closing, ...]]:
        """Return the live part and the closed part that the reports lead to, if the live part changes."""
        if not reports:
            return None, ()
        if entry and holders:
            reports = self._align(reports, entry)
        behind_for = self.policy.removal.missing_for
        report = judge(reports, self.now, behind_for).report if len(reports) > 1 else reports[0]
        source = entry.source if entry and _agrees(report, entry) else report.source
        course = self._course(entry, report.conference, holders, source)
        bounds = move_on(course.schedule, course.bounds, self.now, self.policy.removal.keep_ended)
        conference = replace(report.conference, schedule=course.schedule, state="", session_id="")
        closings: tuple[Closing, ...] = ()
        if entry and course.closed:
            closings = (self._close(entry, course.closed, holders),)
        stored = self.entry
        # A conference that left the last calendar has no VEVENT (see `depart`) and needs one when it comes
        # back.
        rendered = bool(holders) or bounds.since is None
        if stored and rendered and stored.conference == conference and stored.bounds == bounds:
            return None, closings
        return self._edit(self.key, conference, source, bounds), closings

    def judge(self, reports: Sequence[Report]) -> Verdict:
        """
        Return which of `reports` counts. Of changes made at the same moment, the present one keeps counting.
        """
        entry = self.entry
        if entry and self.holders:
            reports = self._align(reports, entry)
        return judge(reports, self.now, self.policy.removal.missing_for)

    def _align(self, reports: Iterable[Report], entry: Entry) -> list[Report]:
        """
        Give the start of the known series to every report that only names its next occurrence.

        Of changes made at the same moment the first counts: now the new one, later the one that counts
        already.
        """
        first, *others = [
            with_start_of(report, entry.conference) if self._is_next(report, entry) else report
            for report in reports
        ]
        if first.changed_at == self.now:
            return [first, *sorted(others, key=lambda report: not _agrees(report, entry))]
        return sorted([first, *others], key=lambda report: not _agrees(report, entry))

    def _is_next(self, report: Report, entry: Entry) -> bool:
        match entry.conference.schedule, report.conference.schedule:
            case Weekly() as before, Weekly() as reported:
                return continues(before, reported, self.policy.rendering(report.source).weekly, entry.bounds)
            case _:
                return False

    def _course(
        self, entry: Entry | None, conference: Conference, holders: frozenset[Account], source: str
    ) -> Course:
        rules, reported = self.policy.rendering(source).weekly, conference.schedule
        if entry is None:
            return begin_course(reported, rules, self.now, self.policy.removal.keep_ended)
        if not holders:
            return resume_course(entry.bounds, reported, rules, self.now)
        return continue_course(entry.conference.schedule, entry.bounds, reported, rules, self.now)

    def _close(self, entry: Entry, bounds: Bounds, holders: frozenset[Account]) -> Closing:
        """Close the part of an entry in `bounds`, with its text, for every account that had it."""
        rules = self.policy.rendering(entry.source).weekly
        key = self.key._replace(part=part_of(entry.conference.schedule, bounds, rules))
        return Closing(self._edit(key, entry.conference, entry.source, bounds), holders)

    def _edit(self, key: Key, conference: Conference, source: str, bounds: Bounds) -> Edit:
        before = self.state.entries.get(key)
        return edit_of(
            key, conference, before, source=source, policy=self.policy, now=self.now, bounds=bounds
        )


def _agrees(report: Report, entry: Entry) -> bool:
    return report.conference == entry.conference
