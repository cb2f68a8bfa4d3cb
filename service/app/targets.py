"""
What the settings say about targets: which collections are kept, with which server, holding what.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import assert_never

from service.caldav.accounts import Account
from service.caldav.connection import Connection, Trust, open_http
from service.caldav.credentials import (
    Anonymous,
    Basic,
    Bearer,
    ClientCertificate,
    Credentials,
    Digest,
    OAuth2,
    http_auth,
)
from service.caldav.discovery import CollectionSpec
from service.caldav.hrefs import resource_href
from service.caldav.places import Origin, origin_of
from service.caldav.server import CalDavServer
from service.caldav.turns import LargeAnswers
from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.errors import PlanRefused, SettingsError
from service.core.nearest import suggest
from service.core.vevent import uid_of
from service.publishing.dispatch import Timing
from service.publishing.model import RemoteRules, Resource
from service.publishing.ownership import base_of, is_left
from service.publishing.ports import Database
from service.publishing.reconciler import Reconciler, TargetStatus
from service.publishing.resource import Extras, resource_of
from service.publishing.sync_run import TargetCollection
from service.settings.addresses import address_map
from service.settings.model import Settings
from service.settings.targets import TargetSettings
from service.web.schemas import ParkedView, TargetView

_PATTERNS = ("accounts/*", "people/*")


@dataclass(frozen=True, slots=True)
class Calendars:
    """
    The calendars there are, and what is in them.
    """

    store: Database
    named: Callable[[], Mapping[str, Calendar]]
    entries: Callable[[Calendar], Iterable[Entry]]

    async def resources(self, calendar: Calendar, extras: Extras, *, now: datetime) -> Mapping[str, Resource]:
        """Return what a collection of this calendar should hold now, by UID. Raises StoreUnavailable."""
        if extras.free is None:
            extras = replace(extras, free=calendar.free)
        if calendar.redaction != "full":
            # Who is invited is what such a calendar keeps to itself.
            extras = replace(extras, addresses={})
        whole = not calendar.rule.narrows
        entries = list(self.entries(calendar)) if extras.addresses or not whole else []
        if whole:
            vevents = await self.store.vevents(calendar.variant, calendar.account)
        else:
            vevents = await self.store.vevents_of(calendar.variant, [entry.key for entry in entries])
        by_uid = {uid_of(entry.key): entry for entry in entries}

        def rendered() -> dict[str, Resource]:
            return {v.uid: resource_of(v, extras, by_uid.get(v.uid), now=now) for v in vevents}

        return await asyncio.to_thread(rendered)


@dataclass(frozen=True, slots=True)
class Target:
    """
    One target of the settings, with a connection to its server.
    """

    name: str
    settings: TargetSettings
    connection: Connection
    extras: Extras
    calendars: Calendars
    named: Callable[[str], bool]
    """Whether the settings have a target of a key of the ledger."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def rules(self) -> RemoteRules:
        """What becomes of what people do."""
        return RemoteRules(self.settings.on_remote_change, self.settings.on_remote_delete)

    def server(self, collection: str) -> CalDavServer:
        """Return the server, on which a collection of this name is wanted."""
        spec = CollectionSpec(
            self.settings.url, collection, create=self.settings.create, quirks=self.settings.quirks
        )
        return CalDavServer(self.connection, spec, self.rules, self.settings.concurrency)

    def choose_calendars(self) -> Sequence[Calendar]:
        """Return the calendars to publish. Raises PlanRefused."""
        named = self.calendars.named()
        match self.settings.calendar:
            case "accounts/*":
                return [calendar for calendar in named.values() if calendar.account]
            case "people/*":
                return [calendar for calendar in named.values() if calendar.person]
            case name if name in named:
                return [named[name]]
            case name:
                raise PlanRefused(_unknown_calendar(name, named))

    def targets(self) -> list[TargetCollection]:
        """Return the collections as they should be now. Raises PlanRefused."""
        if not any(calendar.account for calendar in self.calendars.named().values()):
            raise PlanRefused("no list was heard yet: nothing is published before the first one")
        return [self._target(calendar) for calendar in self.choose_calendars()]

    def collection(self, calendar: Calendar) -> str:
        """Return the name of a calendar's collection."""
        given = self.settings.collection
        if not given:
            return calendar.name
        if "{calendar}" in given:
            return given.replace("{calendar}", calendar.name)
        return f"{given} {calendar.name}" if self.settings.calendar in _PATTERNS else given

    def _target(self, calendar: Calendar) -> TargetCollection:
        several = self.settings.calendar in _PATTERNS
        collection = self.collection(calendar)
        identity = "\n".join((self.settings.url, collection, self.settings.username or ""))

        async def render(people: bool) -> Mapping[str, Resource]:  # noqa: FBT001 -- the form of Render
            extras = self.extras if people else replace(self.extras, addresses={})
            return await self.calendars.resources(calendar, extras, now=self.clock())

        return TargetCollection(
            f"{self.name}/{calendar.name}" if several else self.name,
            sha256(identity.encode()).hexdigest(),
            self.server(collection),
            render,
            self.rules,
            self.settings.audit_every,
            self.named,
        )


def _unknown_calendar(name: str, known: Iterable[str]) -> str:
    if "@" not in name:
        # Those of the settings are there from the start, so this one never will be.
        hint = suggest(name, known) or "; `confcal feeds` lists them"
        return f"there is no calendar {name!r}{hint}"
    return (
        f"there is no calendar {name!r} yet{suggest(name, known)}: calendars of accounts exist from their "
        "first list on; `confcal feeds` lists them"
    )


def make_name_filter(targets: Mapping[str, TargetSettings]) -> Callable[[str], bool]:
    """Return what tells whether a key of the ledger is one that these settings lead to."""

    def named(key: str) -> bool:
        settings = targets.get(base_of(key))
        return settings is not None and not is_left(key) and ("/" in key) == (settings.calendar in _PATTERNS)

    return named


@asynccontextmanager
async def open_targets(
    settings: Settings, calendars: Calendars, clock: Callable[[], datetime]
) -> AsyncIterator[dict[str, Target]]:
    """Give the targets of the settings, and close their connections. Raises SettingsError."""
    accounts: dict[tuple[Origin, Credentials], Account] = {}
    large = LargeAnswers()
    async with AsyncExitStack() as opened:
        targets_by_name = {}
        for name, each in settings.targets.items():
            extras = Extras(each.reminders, address_map(name, each.attendees), each.transparent)
            with _of_target(name):
                http = open_http(
                    Trust(each.ca_file, _certificate(each)),
                    timeout_seconds=each.timeout.total_seconds(),
                    connections=each.concurrency,
                )
            await opened.enter_async_context(http)
            credentials = _credentials(each)
            # Whoever guards the account counts what all targets try together.
            account = accounts.setdefault((origin_of(each.url), credentials), Account(clock))
            connection = Connection(
                http,
                trusted=each.url,
                auth=http_auth(credentials, clock),
                timeout=each.timeout,
                clock=clock,
                trusted_hosts=each.trusted_hosts,
                account=account,
                large=large,
            )
            targets_by_name[name] = Target(
                name, each, connection, extras, calendars, make_name_filter(settings.targets), clock
            )
        yield targets_by_name


@contextmanager
def _of_target(name: str) -> Iterator[None]:
    """Name the target in a SettingsError that is raised inside."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"CONFCAL_TARGETS__{name.upper()}__{error}") from error


@asynccontextmanager
async def open_reconcilers(
    settings: Settings, calendars: Calendars, clock: Callable[[], datetime]
) -> AsyncIterator[tuple[Reconciler, ...]]:
    """
    Give what keeps the collections of all targets. Raises SettingsError.
    """
    async with open_targets(settings, calendars, clock) as targets_by_name:
        yield tuple(make_reconciler(configured, clock) for configured in targets_by_name.values())


def target_view(status: TargetStatus) -> TargetView:
    """Return how a target is doing, for the dashboard."""
    return TargetView(
        status.name,
        status.state,
        status.calendar,
        status.pending,
        status.last_pass_at,
        status.lag_seconds,
        status.error,
        tuple(ParkedView(row.uid, row.reason, since) for row, since in status.parked.items()),
    )


def make_reconciler(configured: Target, clock: Callable[[], datetime]) -> Reconciler:
    """Return the upkeep of a target."""
    return Reconciler(
        TargetStatus(configured.name, configured.settings.calendar),
        configured.targets,
        configured.calendars.store.ledger,
        concurrency=configured.settings.concurrency,
        audit_every=configured.settings.audit_every,
        timing=Timing(asyncio.sleep, random.random),
        href_of=resource_href,
        clock=clock,
    )


def _credentials(settings: TargetSettings) -> Credentials:
    def secret(name: str) -> str:
        value = getattr(settings, name)
        return value.get_secret_value() if value else ""

    username = settings.username or ""
    match settings.kind:
        case "none" | "mtls":
            return Anonymous()
        case "basic":
            return Basic(username, secret("password"))
        case "digest":
            return Digest(username, secret("password"))
        case "bearer":
            return Bearer(secret("token"))
        case "oauth2":
            return OAuth2(
                settings.client_id or "",
                secret("client_secret"),
                secret("refresh_token"),
                settings.token_url or "",
            )
        case _ as unreachable:
            assert_never(unreachable)


def _certificate(settings: TargetSettings) -> ClientCertificate | None:
    if settings.client_certificate is None:
        return None
    return ClientCertificate(settings.client_certificate, settings.client_key)
