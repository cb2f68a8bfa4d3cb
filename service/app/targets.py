"""
The targets of the settings: which collections they have, on which server, with what content.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from hashlib import sha256

import httpx

from service.app.calendar_collections import PATTERNS, CalendarCollection, Calendars, ConfiguredKeys
from service.app.clock import utc_now
from service.app.recalling import recall_trouble
from service.app.target_credentials import credentials_of, trust_of
from service.app.views import target_view
from service.caldav.accounts import Account
from service.caldav.client import open_client, tls_context
from service.caldav.connection import Connection
from service.caldav.credentials import Credentials, http_auth
from service.caldav.discovery import CollectionSpec
from service.caldav.places import Origin, Places, origin_of
from service.caldav.server import CalDavServer
from service.caldav.turns import LargeAnswers
from service.calendars.calendar import Calendar
from service.core.clock import Clock
from service.core.errors import PlanRefused, SettingsError, StoreUnavailable
from service.core.nearest import suggest
from service.publishing.dispatch import Timing
from service.publishing.model import RemoteRules
from service.publishing.ownership import base_of
from service.publishing.ports import CollectionFinder
from service.publishing.reconciler import Reconciler
from service.publishing.resource import Extras
from service.publishing.target_status import TargetStatus
from service.settings.addresses import address_map
from service.settings.model import Settings
from service.settings.targets import TargetSettings
from service.web.schemas import TargetView


@dataclass(frozen=True, slots=True)
class Target(CollectionFinder):
    """
    One target of the settings, with a connection to its server.
    """

    name: str
    settings: TargetSettings
    connection: Connection
    extras: Extras
    calendars: Calendars
    configured: ConfiguredKeys
    clock: Clock = utc_now
    open_again: Callable[[], httpx.AsyncClient] | None = None
    """Opens a new HTTP client after the connection was closed."""

    @property
    def rules(self) -> RemoteRules:
        """How confcal reacts to changes that people make."""
        return RemoteRules(self.settings.on_remote_change, self.settings.on_remote_delete)

    def server(self, collection: str) -> CalDavServer:
        """Return the server, on which a collection of this name is wanted."""
        spec = CollectionSpec(
            self.settings.url, collection, create=self.settings.create, quirks=self.settings.quirks
        )
        return CalDavServer(self.connection, spec, self.rules, self.settings.concurrency)

    def keeps(self, key: str) -> bool:
        """Return whether a key of the ledger is this target's."""
        return base_of(key) == self.name and self.configured.hold(key)

    def choose_calendars(self) -> Sequence[Calendar]:
        """Return the calendars to publish. Raises PlanRefused."""
        named = self.calendars.directory.calendars
        match self.settings.calendar:
            case "accounts/*":
                return [calendar for calendar in named.values() if calendar.account]
            case "people/*":
                return [calendar for calendar in named.values() if calendar.person]
            case name if name in named:
                return [named[name]]
            case name:
                raise PlanRefused(_unknown_calendar(name, named))

    def find_collections(self) -> list[CalendarCollection]:
        """Return the collections as they should be now. Raises PlanRefused."""
        if not any(calendar.account for calendar in self.calendars.directory.calendars.values()):
            raise PlanRefused("no list was heard yet: nothing is published before the first one")
        return [self._collection(calendar) for calendar in self.choose_calendars()]

    def collection(self, calendar: Calendar) -> str:
        """Return the name of a calendar's collection."""
        given = self.settings.collection
        if not given:
            return calendar.name
        if "{calendar}" in given:
            return given.replace("{calendar}", calendar.name)
        return f"{given} {calendar.name}" if self.settings.calendar in PATTERNS else given

    def _collection(self, calendar: Calendar) -> CalendarCollection:
        collection = self.collection(calendar)
        identity = "\n".join((self.settings.url, collection, self.settings.username or ""))
        return CalendarCollection(
            f"{self.name}/{calendar.name}" if self.settings.calendar in PATTERNS else self.name,
            sha256(identity.encode()).hexdigest(),
            self.server(collection),
            self.rules,
            self.settings.audit_every,
            calendar,
            self.calendars,
            self.extras,
            self.configured,
            self.clock,
        )


def _unknown_calendar(name: str, known: Iterable[str]) -> str:
    if "@" not in name:
        # Calendars of the settings exist from the start, so this one will never appear.
        hint = suggest(name, known) or "; `confcal feeds` lists them"
        return f"there is no calendar {name!r}{hint}"
    return (
        f"there is no calendar {name!r} yet{suggest(name, known)}: calendars of accounts exist from their "
        "first list on; `confcal feeds` lists them"
    )


class TargetFactory:
    """
    Makes targets, and holds what they share: accounts at servers, and the turn of large answers.
    """

    def __init__(self, calendars: Calendars, clock: Clock) -> None:
        self.calendars = calendars
        self.configured = ConfiguredKeys({})
        self._clock = clock
        self._accounts: dict[tuple[Origin, Credentials], Account] = {}
        self._large = LargeAnswers()

    def make(self, name: str, settings: TargetSettings) -> Target:
        """Return the target with a connection that nothing went through yet. Raises SettingsError."""
        extras = extras_of(name, settings)
        with _of_target(name):
            context = tls_context(trust_of(settings))
        open_again = partial(
            open_client,
            context,
            timeout_seconds=settings.timeout.total_seconds(),
            connections=settings.concurrency,
        )
        credentials = credentials_of(settings)
        # The account counts refused passwords of all its targets together.
        account = self._accounts.setdefault((origin_of(settings.url), credentials), Account(self._clock))
        connection = Connection(
            open_again(),
            places=Places(settings.url, settings.trusted_hosts),
            auth=http_auth(credentials, self._clock),
            timeout=settings.timeout,
            clock=self._clock,
            account=account,
            large=self._large,
        )
        return Target(
            name, settings, connection, extras, self.calendars, self.configured, self._clock, open_again
        )


def extras_of(name: str, settings: TargetSettings) -> Extras:
    """Return what a target adds to every VEVENT; its map of addresses is read. Raises SettingsError."""
    return Extras(settings.reminders, address_map(name, settings.attendees), settings.transparent)


@asynccontextmanager
async def open_targets(
    settings: Settings, calendars: Calendars, clock: Clock
) -> AsyncIterator[dict[str, Target]]:
    """Give the targets of the settings, and close their connections. Raises SettingsError."""
    factory = TargetFactory(calendars, clock)
    factory.configured.targets = settings.targets
    async with AsyncExitStack() as opened:
        targets_by_name = {}
        for name, each in settings.targets.items():
            target = targets_by_name[name] = factory.make(name, each)
            opened.push_async_callback(target.connection.close)
        yield targets_by_name


@contextmanager
def _of_target(name: str) -> Iterator[None]:
    """Name the target in a SettingsError that is raised inside."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"CONFCAL_TARGETS__{name.upper()}__{error}") from error


@dataclass(frozen=True, slots=True)
class KeptTarget:
    """
    A target together with what keeps its collections.
    """

    target: Target
    reconciler: Reconciler
    files: Sequence[bytes]
    """Digests of its certificate files."""

    def retry_now(self) -> bool:
        """Try everything again on a person's word; return whether that was not too soon."""
        if not self.reconciler.retry_now():
            return False
        self.target.connection.permit_try()
        return True

    async def run(self) -> None:
        """Keep the collections until cancelled, and close the connection; it may be run again."""
        if self.target.open_again:
            self.target.connection.reopen(self.target.open_again)
        with suppress(StoreUnavailable):
            await recall_trouble(self.reconciler.status, self.target.calendars.store.journal)
        try:
            await self.reconciler.run()
        finally:
            await self.target.connection.close()


class Targets:
    """
    The targets of the settings in force.
    """

    def __init__(self, calendars: Calendars, clock: Clock) -> None:
        self._factory = TargetFactory(calendars, clock)
        self._clock = clock
        self.all: Mapping[str, KeptTarget] = {}

    def prepare(self, settings: Settings) -> Mapping[str, KeptTarget]:
        """Return the targets of these settings, for `apply`; the same ones stay. Raises SettingsError."""
        return {name: self._keep(name, each) for name, each in settings.targets.items()}

    def _keep(self, name: str, settings: TargetSettings) -> KeptTarget:
        before, files = self.all.get(name), _files_of(settings)
        same = before and before.files == files and before.target.settings == settings
        if before and same and before.target.extras == extras_of(name, settings):
            return before
        target = self._factory.make(name, settings)
        return KeptTarget(target, make_reconciler(target, self._clock), files)

    def apply(self, settings: Settings, prepared: Mapping[str, KeptTarget]) -> None:
        """Use these targets from now on."""
        self._factory.configured.targets = settings.targets
        self.all = prepared
        self.mark_changed()

    def mark_changed(self) -> None:
        """Make each target publish what changed."""
        for each in self.all.values():
            each.reconciler.mark_changed()

    def statuses(self) -> Iterator[TargetStatus]:
        """Yield the status of each target."""
        return (each.reconciler.status for each in self.all.values())

    def views(self) -> list[TargetView]:
        """Return the views of all targets, for the dashboard."""
        return [target_view(status) for status in self.statuses()]


def _files_of(settings: TargetSettings) -> list[bytes]:
    """Return digests of the files of a connection, because a certificate is renewed under the same name."""
    named = (settings.ca_file, settings.client_certificate, settings.client_key)
    held = []
    for path in named:
        # An unreadable file is reported where the connection is made.
        with suppress(OSError):
            held.append(sha256(path.read_bytes()).digest() if path else b"")
    return held


def make_reconciler(configured: Target, clock: Clock) -> Reconciler:
    """Return the reconciler of a target."""
    return Reconciler(
        TargetStatus(configured.name, configured.settings.calendar),
        configured,
        configured.calendars.store.ledger,
        concurrency=configured.settings.concurrency,
        audit_every=configured.settings.audit_every,
        timing=Timing(asyncio.sleep, random.random),
        clock=clock,
    )
