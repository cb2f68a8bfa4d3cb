"""
The queries and actions of the administrator, for the dashboard and the API.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from service.calendars.calendar import ALL, Calendar
from service.calendars.feeds import Feeds
from service.core.account_state import Entry
from service.core.clock import Clock
from service.core.conference import Account, Conference, Key
from service.core.consensus import Report
from service.core.disputes import Dispute, find_disputes
from service.core.held import HeldList, list_held
from service.core.occurrences import Occurrence, find_next
from service.core.revision import Policy
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.state import State
from service.core.vevent import summary_of
from service.core.zone_notices import ZoneNotice, is_warning
from service.web.access_stats import AccessStats
from service.web.admin_port import AdminPort
from service.web.schemas import (
    ActivityView,
    CalendarKind,
    CalendarList,
    CalendarView,
    ConferenceView,
    DisputeView,
    NextMeeting,
    ReportView,
    StatusView,
)

_MOST_SUMMARIES = 2000
_MOST_FOLLOWING = 100_000
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Summary:
    changes: int
    events: int
    next: Occurrence | None


class AdminQueries:
    """
    Puts the views together.
    """

    def __init__(
        self,
        feeds: Feeds,
        policy: Policy,
        reports: AdminPort,
        stats: AccessStats,
        *,
        state: Callable[[], State],
        clock: Clock,
    ) -> None:
        self.feeds, self.reports = feeds, reports
        self.policy, self._stats = policy, stats
        self.state, self._clock = state, clock
        self._summaries: OrderedDict[str, _Summary] = OrderedDict()
        self._following: dict[Key, tuple[Entry, Occurrence | None]] = {}
        self._zones: tuple[State, datetime, Sequence[ZoneNotice]] | None = None

    def now(self) -> datetime:
        """Return the moment that the views are of."""
        return self._clock()

    def zone_notices(self) -> Sequence[ZoneNotice]:
        """Return what an administrator should know about zones; it is kept for an hour."""
        state, hour = self.state(), self._clock().replace(minute=0, second=0, microsecond=0)
        last = self._zones
        if last is None or last[0] is not state or last[1] != hour:
            last = self._zones = (state, hour, tuple(self.reports.zone_notices(self._clock())))
        return last[2]

    def status(self) -> StatusView:
        """Return the daemon as a whole."""
        state, exposure = self.state(), self.reports.exposure
        members = _members(state)
        return StatusView(
            version=self.reports.version,
            url=self.feeds.addresses.public_url,
            started_at=self.reports.started_at,
            ready=self.feeds.ready(),
            accounts=len(state.accounts),
            conferences=len(members),
            calendars=len(self.feeds.calendars),
            held=sum(1 for known in state.accounts.values() if known.held),
            running=tuple(_list_running(self.reports.find_running())),
            rooms=tuple(_view(e.key.server, e.conference) for e in members if _is_room(e.conference)),
            zone_data=self.reports.zone_data,
            warnings=(
                *((exposure.describe(),) if exposure else ()),
                *(notice.describe() for notice in self.zone_notices() if is_warning(notice)),
            ),
            replicas=tuple(self.reports.replicas()),
        )

    def calendars(self, *, like: str = "", after: str = "", most: int = 50) -> CalendarList:
        """
        Return the calendars whose name or title holds the text `like`, at most `most` of them behind `after`.
        """
        found = self.find_calendars(like)
        names = [calendar.name for calendar in found]
        start = names.index(after) + 1 if after in names else 0
        shown = found[start : start + most]
        more = start + most < len(found)
        now = self._clock()
        requests = self._stats.requests(now)
        views = tuple(self._calendar(each, now, requests.get(each.name, 0)) for each in shown)
        return CalendarList(views, len(found), shown[-1].name if more else "")

    def find_calendars(self, like: str) -> list[Calendar]:
        """Return the calendars whose name or title holds the text `like`."""
        wanted = like.strip().casefold()
        return [
            calendar
            for calendar in self.feeds.calendars.values()
            if wanted in calendar.name.casefold() or wanted in calendar.title.casefold()
        ]

    def _calendar(self, calendar: Calendar, now: datetime, requests: int) -> CalendarView:
        summary = self._summary(calendar, now)
        urls = self.feeds.addresses
        return CalendarView(
            name=calendar.name,
            title=calendar.title,
            kind=_kind(calendar),
            redaction=calendar.redaction,
            events=summary.events,
            next=_to_next_meeting(summary.next),
            subscribers=self._stats.subscribers(calendar.name, now),
            requests=requests,
            rotations=self.feeds.directory.generation(calendar.name),
            feed_url=urls.feed_url(calendar.name),
            page_url=urls.page_url(calendar.name),
        )

    def _summary(self, calendar: Calendar, now: datetime) -> _Summary:
        changes = self.feeds.changes
        last = self._summaries.get(calendar.name)
        if last and last.changes == changes and (last.next is None or last.next.end > now):
            return last
        scheduled = [e for e in self.feeds.directory.entries(calendar) if not _is_room(e.conference)]
        summary = _Summary(changes, len(scheduled), self._next(scheduled, now))
        self._summaries[calendar.name] = summary
        while len(self._summaries) > _MOST_SUMMARIES:
            self._summaries.popitem(last=False)
        return summary

    def _next(self, entries: Iterable[Entry], now: datetime) -> Occurrence | None:
        following = (self._find_next(each, now) for each in entries)
        return min(
            (each for each in following if each), key=lambda o: (o.start, o.end, o.entry.key), default=None
        )

    def _find_next(self, entry: Entry, now: datetime) -> Occurrence | None:
        """Return the next occurrence of an entry, kept until it ends: many calendars hold it."""
        kept = self._following.get(entry.key)
        if kept and kept[0] is entry and (kept[1] is None or kept[1].end > now):
            return kept[1]
        found = find_next(entry, self.policy, now)
        if len(self._following) >= _MOST_FOLLOWING:
            self._following.clear()
        self._following[entry.key] = (entry, found)
        return found

    def list_held(self) -> list[HeldList]:
        """Return the lists that wait for a decision."""
        now = self._clock()
        return list_held(self.state(), self.policy, lambda entry: self._find_next(entry, now))

    def disputes(self) -> list[DisputeView]:
        """Return the conferences that accounts keep reporting differently."""
        return [_to_dispute_view(each) for each in find_disputes(self.state(), self.policy, self._clock())]

    def activity(self) -> ActivityView:
        """Return the last day in numbers."""
        now = self._clock()
        requests = sorted(self._stats.requests(now).items(), key=lambda pair: (-pair[1], pair[0]))
        return ActivityView(tuple(self.reports.lists_per_hour(now)), dict(requests))


def _to_dispute_view(dispute: Dispute) -> DisputeView:
    reports = tuple(_to_report_view(report) for report in dispute.reports)
    id_, server = dispute.key.id, dispute.key.server
    return DisputeView(id_, server, dispute.topic or id_, str(dispute.counts), reports)


def _to_report_view(report: Report) -> ReportView:
    conference = report.conference
    changed_at = report.changed_at if report.changed_at > _FIRST else None
    kind, start = _kind_and_start(conference.schedule)
    return ReportView(str(report.account), summary_of(conference), kind, start, changed_at)


def _kind_and_start(schedule: Schedule) -> tuple[str, datetime | None]:
    match schedule:
        case Unscheduled():
            return "none", None
        case Once(start):
            return "once", start
        case Weekly(start):
            return "week", start
        case _ as unreachable:
            assert_never(unreachable)


def _members(state: State) -> list[Entry]:
    """Return the entries that are in any account's calendar, each once."""
    members = {
        entry.key: entry
        for known in state.order_accounts()
        for entry in (state.entry(known.account.server, id_) for id_ in known.reported)
    }
    return list(members.values())


def _list_running(conferences: Iterable[tuple[Account, Conference]]) -> Iterable[ConferenceView]:
    seen = {(account.server, conference.id): conference for account, conference in conferences}
    return (_view(server, conference) for (server, _), conference in sorted(seen.items(), key=lambda i: i[0]))


def _view(server: str, conference: Conference) -> ConferenceView:
    return ConferenceView(conference.id, server, summary_of(conference), conference.owner)


def _is_room(conference: Conference) -> bool:
    return isinstance(conference.schedule, Unscheduled)


def _kind(calendar: Calendar) -> CalendarKind:
    if calendar.name == ALL:
        return "all"
    if calendar.account:
        return "account"
    return "person" if calendar.person else "rule"


def _to_next_meeting(occurrence: Occurrence | None) -> NextMeeting | None:
    if occurrence is None:
        return None
    return NextMeeting(summary_of(occurrence.entry.conference), occurrence.start, occurrence.end)
