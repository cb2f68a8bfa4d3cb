"""
The queries and actions of the administrator, for the dashboard and the API.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from msgspec import structs

from service.calendars.calendar import ALL, Calendar
from service.calendars.feeds import Feeds
from service.calendars.names import Names
from service.core.clock import Clock
from service.core.conference import Conference
from service.core.consensus import Report
from service.core.disputes import Dispute, find_disputes
from service.core.held import HeldList, list_held
from service.core.occurrences import Occurrence
from service.core.quiet import NEVER_QUIET
from service.core.revision import Policy
from service.core.schedule import Once, Schedule, Unscheduled, Weekly
from service.core.sources import is_quiet
from service.core.state import State
from service.core.vevent import summary_of
from service.core.zone_notices import ZoneNotice, is_warning
from service.web.access_stats import AccessStats
from service.web.admin_port import AdminPort
from service.web.calendar_summaries import Summaries
from service.web.schemas import (
    ActivityView,
    CalendarKind,
    CalendarList,
    CalendarView,
    ConferenceView,
    DisputeView,
    NextMeeting,
    ReportView,
    SourceView,
    StatusView,
)

_FIRST = datetime.min.replace(tzinfo=UTC)


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
        self._summaries = Summaries(policy)
        self._zones: tuple[State, datetime, Sequence[ZoneNotice]] | None = None

    def now(self) -> datetime:
        """Return the moment that the views are of."""
        return self._clock()

    @property
    def names(self) -> Names:
        """What people are called."""
        return self.feeds.directory.names

    def sources(self) -> list[SourceView]:
        """Return how the sources are doing, with what only the state and the policy say."""
        now, names, hours = self._clock(), self.names, self.policy.quiet
        return [
            structs.replace(
                each,
                display_name=names.find(each.account),
                quiet=is_quiet(each.state, each.since, hours.get(each.name, NEVER_QUIET), now),
            )
            for each in self.reports.sources()
        ]

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
        rooms = sorted(self.reports.kinds().unscheduled.values(), key=lambda each: each.key)
        return StatusView(
            version=self.reports.version,
            url=self.feeds.addresses.public_url,
            started_at=self.reports.started_at,
            ready=self.feeds.ready(),
            accounts=len(state.accounts),
            conferences=state.count,
            calendars=len(self.feeds.calendars),
            held=sum(1 for known in state.accounts.values() if known.held),
            running=tuple(self._list_running()),
            rooms=tuple(self._view(e.key.server, e.conference) for e in rooms),
            zone_data=self.reports.zone_data,
            warnings=(
                *((exposure.describe(),) if exposure else ()),
                *(notice.describe() for notice in self.zone_notices() if is_warning(notice)),
            ),
            replicas=tuple(self.reports.replicas()),
        )

    def calendars(self, *, like: str = "", after: str = "", most: int = 50) -> CalendarList:
        """
        Return the calendars that `find_calendars` finds, at most `most` of them behind `after`.
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
        """Return the calendars whose name, title or person's name holds the text `like`."""
        wanted, directory = like.strip().casefold(), self.feeds.directory
        return [
            calendar
            for calendar in self.feeds.calendars.values()
            if wanted in calendar.name.casefold()
            or wanted in calendar.title.casefold()
            or wanted in directory.name_calendar(calendar).casefold()
        ]

    def _calendar(self, calendar: Calendar, now: datetime, requests: int) -> CalendarView:
        events, following = self._summaries.summarize(calendar, self.feeds.directory, now)
        urls, fetched = self.feeds.addresses, self._stats.last_fetch(calendar.name, now)
        return CalendarView(
            name=calendar.name,
            title=calendar.title,
            kind=_kind(calendar),
            redaction=calendar.redaction,
            events=events,
            next=_to_next_meeting(following),
            subscribers=self._stats.subscribers(calendar.name, now),
            requests=requests,
            rotations=self.feeds.directory.generation(calendar.name),
            feed_url=urls.feed_url(calendar.name),
            page_url=urls.page_url(calendar.name),
            display_name=self.feeds.directory.name_calendar(calendar),
            fetched_at=fetched[0] if fetched else None,
            fetched_by=fetched[1] if fetched else "",
        )

    def list_held(self) -> list[HeldList]:
        """Return the lists that wait for a decision."""
        now = self._clock()
        held = list_held(self.state(), self.policy, lambda entry: self._summaries.find_next([entry], now))
        return [replace(each, display_name=self.names.find(each.account)) for each in held]

    def disputes(self) -> list[DisputeView]:
        """Return the conferences that accounts keep reporting differently."""
        found = find_disputes(self.state(), self.policy, self._clock())
        return [_to_dispute_view(each, self.names) for each in found]

    def _list_running(self) -> Iterable[ConferenceView]:
        seen = {(account.server, each.id): each for account, each in self.reports.find_running()}
        return (self._view(server, each) for (server, _), each in sorted(seen.items(), key=lambda i: i[0]))

    def _view(self, server: str, conference: Conference) -> ConferenceView:
        owner = conference.owner
        return ConferenceView(
            conference.id, server, summary_of(conference), owner, self.names.find(owner, server)
        )

    def activity(self) -> ActivityView:
        """Return the last day in numbers."""
        now = self._clock()
        requests = sorted(self._stats.requests(now).items(), key=lambda pair: (-pair[1], pair[0]))
        return ActivityView(dict(requests))


def _to_dispute_view(dispute: Dispute, names: Names) -> DisputeView:
    reports = tuple(_to_report_view(report, names) for report in dispute.reports)
    id_, server, counts = dispute.key.id, dispute.key.server, str(dispute.counts)
    return DisputeView(id_, server, dispute.topic or id_, counts, names.find(counts), reports)


def _to_report_view(report: Report, names: Names) -> ReportView:
    conference = report.conference
    changed_at = report.changed_at if report.changed_at > _FIRST else None
    kind, start = _kind_and_start(conference.schedule)
    account = str(report.account)
    return ReportView(account, names.find(account), summary_of(conference), kind, start, changed_at)


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
