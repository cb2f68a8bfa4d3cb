"""
The status of the parts that the web layer does not see, for the dashboard and the API.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import Protocol

import msgspec
import structlog

from service.app.elsewhere import Elsewhere
from service.app.oddities import oddness_of
from service.app.placements import Placements
from service.app.policy import policy_of
from service.app.rejected_again import dismiss, understand_again
from service.app.requests import request_source, request_target
from service.app.synchronizer import Synchronizer
from service.app.views import endpoint_view, intake_view, setting_view, to_last_list
from service.calendars.calendar import Calendar
from service.core.clock import Clock
from service.core.conference import Account, Conference, Key
from service.core.errors import StoreUnavailable, UnknownName
from service.core.exposure import Exposure
from service.core.journal import FieldChange, Happening, JournalEntry, JournalQuery
from service.core.kinds import Kinds
from service.core.needs import LastList, OpenSecret, VersionBehind, find_behind
from service.core.placement import Placement
from service.core.rejected import RejectedInput
from service.core.search import ConferenceQuery
from service.core.state import State
from service.core.trueconf_id import TrueConfId
from service.core.zone_notices import ZoneNotice
from service.core.zone_survey import need_series, weekly_series, zone_notices
from service.core.zonedata import data_version
from service.publishing.ports import Database
from service.settings.model import Settings
from service.settings.origins import Configuration, Origins
from service.settings.show import effective_as_given
from service.settings.zones import zone_readings
from service.sources.posted import PostedEvents
from service.sources.status import SourceStatus
from service.trueconf.discovery import place
from service.web.admin_port import AdminPort
from service.web.replica_views import ReplicaView
from service.web.schemas import SettingView, SourceView, TargetView

log = structlog.get_logger()


class HasStatus(Protocol):
    """
    A source with a status.
    """

    @property
    def status(self) -> SourceStatus:
        """How it is doing."""
        ...


class HasTargetViews(Protocol):
    """
    The views of the targets.
    """

    def views(self) -> Sequence[TargetView]:
        """Return how they are doing."""
        ...


class Polls(Protocol):
    """
    The polls of the endpoints.
    """

    def next_poll(self, source: str) -> datetime | None:
        """Return when a source is asked next, None where it is not asked."""
        ...


@dataclass(frozen=True, slots=True)
class _NoticeCache:
    """What was found about zones, and in what."""

    state: State
    settings: Settings
    minute: datetime
    notices: tuple[ZoneNotice, ...]


@dataclass(slots=True)
class StatusReporter(AdminPort):
    """
    Gathers what the dashboard and the API show.
    """

    settings_in_force: Settings
    store: Database
    synchronizer: Synchronizer
    posted_events: PostedEvents
    endpoints: Sequence[HasStatus]
    polls: Polls
    published: HasTargetViews
    elsewhere: Elsewhere
    exposure: Exposure | None
    clock: Clock
    started_at: datetime
    version: str = field(default_factory=lambda: version("confcal"))
    zone_data: str = field(default_factory=data_version)
    list_open_secrets: Callable[[], Sequence[OpenSecret]] = tuple
    find_origins: Callable[[], Origins] = dict
    """Of the settings that were given."""

    list_versions: Callable[[], Mapping[str, str]] = dict
    """Of the program, by replica."""

    _noticed: "_NoticeCache | None" = field(default=None, init=False)
    _kinds: Kinds = field(default_factory=Kinds, init=False)

    def zone_notices(self, now: datetime) -> tuple[ZoneNotice, ...]:
        """Return what an operator should know about zones and the weekly conferences that are known."""
        state, settings = self.synchronizer.state, self.settings_in_force
        minute = now.replace(second=0, microsecond=0)
        known = self._noticed
        # One page asks several times, and each time all series would be gone through.
        if known and known.state is state and known.settings is settings and known.minute == minute:
            return known.notices
        readings = zone_readings(settings)
        series = weekly_series(self.kinds()) if need_series(readings) else ()
        notices = zone_notices(readings, series, now)
        self._noticed = _NoticeCache(state, settings, minute, notices)
        return notices

    def kinds(self) -> Kinds:
        """Return the conferences by how they take place."""
        # Pages ask in threads: each takes a whole value, and keeps a whole one.
        found = self._kinds.follow(self.synchronizer.state)
        self._kinds = found
        return found

    def targets(self) -> Sequence[TargetView]:
        """Return how the targets are doing."""
        return [self.elsewhere.view_target(view) for view in self.published.views()]

    def replicas(self) -> Sequence[ReplicaView]:
        """Return the processes that share the database, and what each of them runs."""
        return self.elsewhere.replicas()

    def sources(self) -> Sequence[SourceView]:
        """Return how the sources are doing, in the order of the settings."""
        return list(self._sources())

    def _sources(self) -> Iterator[SourceView]:
        endpoints = {source.status.name: source.status for source in self.endpoints}
        posted = {status.name: status for status in self.posted_events.statuses}
        for name, settings in self.settings_in_force.sources.items():
            if name in endpoints:
                where = place(settings.url or "")
                view = self.elsewhere.view_source(name, where) or endpoint_view(
                    endpoints[name], self.polls.next_poll(name), where
                )
            elif name in posted:
                view = intake_view(posted[name])
            else:
                continue
            yield msgspec.structs.replace(view, error=view.error or self._oddness(name))

    def _oddness(self, source: str) -> str:
        return oddness_of(self.synchronizer.state, source, self.clock())

    def find_running(self) -> Iterator[tuple[Account, Conference]]:
        """Yield the conferences that the last list of any source says are running."""
        return find_running(self.synchronizer)

    async def load_rejected(self) -> list[RejectedInput]:
        """Return what was rejected. Raises StoreUnavailable."""
        return await self.store.load_rejected(most_raw=0)

    async def approve(self, account: str, digest: str | None) -> int:
        """Apply a held list. Raises what `Synchronizer.approve` raises."""
        return await self.synchronizer.approve(self._normalize(account), now=self.clock(), digest=digest)

    async def keep(self, account: str, digest: str | None) -> int:
        """Keep what a held list lacks. Raises what `Synchronizer.keep` raises."""
        return await self.synchronizer.keep(self._normalize(account), now=self.clock(), digest=digest)

    def _normalize(self, account: str) -> Account:
        named = TrueConfId.parse(account)
        return self.synchronizer.state.normalize(Account(named.user, named.server))

    async def dismiss_rejected(self, number: int) -> None:
        """Drop one rejected input. Raises UnknownName and StoreUnavailable."""
        await dismiss(self.store, number, self.clock())

    async def retry_rejected(self, number: int) -> int:
        """Try rejected input again. Raises UnknownName, StillRejected and StoreUnavailable."""
        for each in await self.store.load_rejected(number=number):
            return await understand_again(self.synchronizer, self.store, each, self.clock())
        raise UnknownName(f"nothing rejected has the number {number}")

    async def ask_source(self, name: str) -> None:
        """Have a source asked for its list. Raises UnknownName, TooSoon and StoreUnavailable."""
        if not getattr(self.settings_in_force.sources.get(name), "url", None):
            raise UnknownName(f"confcal connects to no source {name!r}")
        await request_source(self.store.journal, name, self.clock())

    async def retry_target(self, name: str) -> None:
        """Have everything of a target tried again. Raises UnknownName, TooSoon and StoreUnavailable."""
        if name not in {each.name for each in self.targets()}:
            raise UnknownName(f"there is no target {name!r}")
        await request_target(self.store.journal, name, self.clock())

    def last_listings(self) -> Mapping[str, LastList]:
        """Return the last list of each source that this process heard itself."""
        return {name: to_last_list(each) for name, each in self.synchronizer.latest.items()}

    def open_secrets(self) -> Sequence[OpenSecret]:
        """Return the files with secrets that every user of the machine gets at, as they are now."""
        return self.list_open_secrets()

    def versions(self) -> Sequence[VersionBehind]:
        """Return which processes run an older version than another one that is known here."""
        # Read again each time: an update exchanges it while the daemon runs.
        installed = VersionBehind("", self.version, version("confcal"))
        behind = (installed,) if installed.running != installed.known else ()
        return (*behind, *find_behind(self.list_versions()))

    async def read_journal(self, query: JournalQuery) -> Sequence[JournalEntry]:
        """Return what happened. Raises StoreUnavailable."""
        return await self.store.journal.read(query)

    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        """Return the half hours with lists of each source. Raises StoreUnavailable."""
        return await self.store.journal.read_heard()

    async def find_conferences(self, query: ConferenceQuery) -> Sequence[Key]:
        """Return the conferences asked for. Raises StoreUnavailable."""
        return await self.store.find_conferences(query)

    async def read_vevent(self, key: Key) -> str:
        """Return a conference's VEVENT. Raises StoreUnavailable."""
        variant = policy_of(self.settings_in_force).variants[0].name
        found = await self.store.vevents_of(variant, [key])
        return found[0].body.decode(errors="replace") if found else ""

    async def find_placements(self, key: Key, calendars: Mapping[str, Calendar]) -> Sequence[Placement]:
        """Return how a conference is doing in the targets' collections. Raises StoreUnavailable."""
        state = self.synchronizer.state
        placements = Placements(self.settings_in_force.targets, calendars, self.store, state)
        return await placements.find(state.entries[key], self.clock())

    async def note_sign_in(self, network: str) -> None:
        """Write a sign-in to the journal; without a database the sign-in still succeeds."""
        at, fields = self.clock().replace(microsecond=0), (FieldChange("network", "", network),)
        try:
            await self.store.journal.write([JournalEntry(at, Happening.SIGNED_IN, fields=fields)])
        except StoreUnavailable as error:
            log.warning("journal.not_written", entries=1, error=str(error))

    def settings(self) -> Sequence[SettingView]:
        """Return the settings in force, without their secrets."""
        configuration = Configuration(self.settings_in_force, self.find_origins())
        return [setting_view(each) for each in effective_as_given(configuration)]


def find_running(synchronizer: Synchronizer) -> Iterator[tuple[Account, Conference]]:
    """Yield the conferences that the last list of any source says are running."""
    for snapshot in synchronizer.latest.values():
        for conference in snapshot.listing.conferences:
            if conference.state.casefold() == "running":
                yield snapshot.account, conference
