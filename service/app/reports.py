"""
What the dashboard and the API are told of the parts that the web layer does not see.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Protocol

import msgspec

from service.app.synchronizer import Synchronizer
from service.core.conference import Account, Conference
from service.core.errors import UnknownName
from service.core.exposure import Exposure
from service.core.oddness import oddness_of
from service.core.rejected import RejectedInput
from service.core.sources import SourceState
from service.core.trueconf_id import TrueConfId
from service.core.zone_notices import ZoneNotice
from service.core.zone_survey import weekly_series, zone_notices
from service.core.zonedata import data_version
from service.publishing.ports import Database
from service.settings.model import Settings
from service.settings.show import effective
from service.settings.zones import zone_readings
from service.sources.posted import PostedEvents, PostedEventsStatus
from service.sources.status import SourceStatus
from service.trueconf.discovery import place
from service.web.access_stats import HOURS
from service.web.queries import AdminPort
from service.web.schemas import Hour, RejectedView, SettingView, SourceView, TargetView

_HOUR = timedelta(hours=1)

NextPoll = Callable[[str], datetime | None]
Targets = Callable[[], Sequence[TargetView]]


class HasStatus(Protocol):
    """
    A source that tells how it is doing.
    """

    @property
    def status(self) -> SourceStatus:
        """How it is doing."""
        ...


class HourlyLists:
    """
    Counts lists by the hour in which they arrived, for a day.
    """

    def __init__(self) -> None:
        self._counts: Counter[datetime] = Counter()

    def note(self, at: datetime) -> None:
        """Count a list."""
        self._counts[_hour_of(at)] += 1
        if len(self._counts) > 2 * HOURS:
            del self._counts[min(self._counts)]

    def last_day(self, now: datetime) -> tuple[Hour, ...]:
        """Return the hours up to this one, the oldest first."""
        starts = (_hour_of(now) - back * _HOUR for back in reversed(range(HOURS)))
        return tuple(Hour(start, self._counts[start]) for start in starts)


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class StatusReporter:
    """
    Gathers reports. What starts later than the web server is filled in when it does.
    """

    settings: Settings
    store: Database
    synchronizer: Synchronizer
    posted_events: PostedEvents
    lists: HourlyLists
    started_at: datetime
    clock: Callable[[], datetime]
    exposure: Exposure | None = None
    sources: Sequence[HasStatus] = ()
    next_poll: NextPoll = lambda _source: None
    targets: Targets = tuple

    def reports(self) -> AdminPort:
        """Return what the web layer asks with."""
        return AdminPort(
            version=version("confcal"),
            started_at=self.started_at,
            exposure=self.exposure,
            zone_data=data_version(),
            zone_notices=self.zone_notices,
            sources=lambda: list(self._sources()),
            targets=self._targets,
            running=lambda: find_running(self.synchronizer),
            lists_per_hour=self.lists.last_day,
            rejected=self._list_rejected,
            approve=self._approve,
            settings=lambda: [SettingView(*each) for each in effective(self.settings)],
        )

    def zone_notices(self, now: datetime) -> tuple[ZoneNotice, ...]:
        """Return what an operator should know about zones and the weekly conferences that are known."""
        return zone_notices(zone_readings(self.settings), weekly_series(self.synchronizer.state), now)

    def _targets(self) -> Sequence[TargetView]:
        return self.targets()

    def _sources(self) -> Iterator[SourceView]:
        endpoints = {source.status.name: source.status for source in self.sources}
        posted = {status.name: status for status in self.posted_events.statuses}
        for name in self.settings.sources:
            if name in endpoints:
                where = place(self.settings.sources[name].url or "")
                view = endpoint_view(endpoints[name], self.next_poll(name), where)
            elif name in posted:
                view = intake_view(posted[name])
            else:
                continue
            yield msgspec.structs.replace(view, error=view.error or self._oddness(name))

    def _oddness(self, source: str) -> str:
        return oddness_of(self.synchronizer.state, source, self.clock())

    async def _list_rejected(self) -> list[RejectedView]:
        return [to_rejected_view(each) for each in await self.store.load_rejected(most_raw=0)]

    async def _approve(self, account: str, digest: str | None) -> int:
        named = TrueConfId.parse(account)
        known = self.synchronizer.state.normalize(Account(named.user, named.server))
        try:
            return await self.synchronizer.approve(known, now=self.clock(), digest=digest)
        except UnknownName as error:
            raise KeyError(account) from error


def find_running(synchronizer: Synchronizer) -> Iterator[tuple[Account, Conference]]:
    """Yield the conferences that the last list of any source says are running."""
    for snapshot in synchronizer.latest.values():
        for conference in snapshot.listing.conferences:
            if conference.state.casefold() == "running":
                yield snapshot.account, conference


def endpoint_view(status: SourceStatus, next_poll_at: datetime | None, where: str = "") -> SourceView:
    """Return how an endpoint is doing."""
    return SourceView(
        status.name,
        "endpoint",
        status.state,
        str(status.account or ""),
        status.since,
        status.last_list_at,
        next_poll_at if status.state == SourceState.LISTENING else None,
        status.error,
        where,
    )


def intake_view(status: PostedEventsStatus) -> SourceView:
    """Return how a source is doing to which events are posted."""
    return SourceView(
        status.name,
        "events",
        status.state,
        str(status.account),
        status.since,
        status.last_list_at,
        error=status.error,
    )


def to_rejected_view(each: RejectedInput) -> RejectedView:
    """Return rejected input without what arrived."""
    return RejectedView(
        each.number,
        each.source,
        each.account,
        each.conference_id,
        each.field,
        each.reason,
        each.first_at,
        each.last_at,
        each.times,
    )
