"""
What commands ask of targets: what the next run would write, and whether they work.
"""

import difflib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from service.app.calendar_collections import Calendars
from service.app.clock import utc_now
from service.app.feeds import feeds_of
from service.app.opening import with_store
from service.app.targets import Target, open_targets
from service.app.trial_event import write_and_remove
from service.caldav.discovery import CollectionSpec
from service.caldav.hrefs import host_of
from service.caldav.quirks import active, describe
from service.caldav.server import CalDavServer
from service.core.errors import CollectionMissing, NoDatabase, PlaceNotTrusted, PublishError, UnknownName
from service.core.nearest import suggest
from service.core.target_state import TargetState
from service.publishing.equivalence import unfold
from service.publishing.model import Create, Delete, Operation, Publication, Standing, Update
from service.publishing.plan import Plan, make_plan
from service.publishing.ports import Database, DiscoveredCollection
from service.publishing.retry import state_of
from service.settings.model import Settings
from service.store.sql import open_store

_NEVER = timedelta(days=36500)
_MOST_REASONS = 3
_STAMPS = ("DTSTAMP:", "LAST-MODIFIED:", "SEQUENCE:")


@asynccontextmanager
async def with_targets(settings: Settings) -> AsyncIterator[dict[str, Target]]:
    """Give the targets of the settings over their store. Raises SettingsError and StoreUnavailable."""
    async with with_store(settings) as store, _targets_over(settings, store) as targets_by_name:
        yield targets_by_name


@asynccontextmanager
async def with_targets_for_check(settings: Settings) -> AsyncIterator[dict[str, Target]]:
    """Do as `with_targets`; before the first start, when nothing is known yet, over an empty database."""
    async with AsyncExitStack() as opened:
        try:
            store = await opened.enter_async_context(with_store(settings))
        except NoDatabase:
            store = await opened.enter_async_context(_empty_store())
            # The servers are asked without the secret of the daemon, and none is made.
            settings = settings.model_copy(update={"secret": SecretStr(token_urlsafe())})
        yield await opened.enter_async_context(_targets_over(settings, store))


@asynccontextmanager
async def _empty_store() -> AsyncIterator[Database]:
    """Give a database that is gone afterwards."""
    with TemporaryDirectory(prefix="confcal-") as folder:
        store = await open_store(f"sqlite:///{folder}/confcal.db", migrate=True)
        try:
            yield store
        finally:
            await store.close()


@asynccontextmanager
async def _targets_over(settings: Settings, store: Database) -> AsyncIterator[dict[str, Target]]:
    state = await store.load()
    feeds = feeds_of(settings, store, lambda: state, "")
    await feeds.start()
    calendars = Calendars(store, feeds.directory)
    async with open_targets(settings, calendars, utc_now) as targets_by_name:
        yield targets_by_name


def find_target(targets_by_name: Mapping[str, Target], name: str) -> Target:
    """Return the target of this name. Raises UnknownName."""
    if name not in targets_by_name:
        raise unknown_target(name, targets_by_name)
    return targets_by_name[name]


def unknown_target(name: str, known: Iterable[str]) -> UnknownName:
    """Return the error of a name that no target has, with the nearest one, or with all of them."""
    names = sorted(known)
    if not names:
        return UnknownName(f"there is no target {name!r}: no CONFCAL_TARGETS__<NAME>__URL is set")
    hint = suggest(name, names) or f"; known are {', '.join(names)}"
    return UnknownName(f"there is no target {name!r}{hint}")


@dataclass(frozen=True, slots=True)
class Planned:
    """
    What the next run over one collection would do.
    """

    key: str
    plan: Plan
    unchanged: int
    found: bool
    """Whether the collection was found before; else all of it counts as new."""


async def make_plans(configured: Target) -> AsyncIterator[Planned]:
    """Yield the plan of each collection of a target, without a request. Raises PlanRefused."""
    ledger = configured.calendars.store.ledger
    records = await ledger.targets()
    for target in configured.find_collections():
        record = records.get(target.key)
        found = record is not None and record.identity == target.identity
        rows = await ledger.publications(target.key) if found else {}
        server = record.server if record else ""
        desired = await target.render(people=target.server.keeps_silent(server))
        plan = make_plan(desired, rows, target.rules, now=utc_now())
        writes = sum(not isinstance(operation, Delete) for operation in plan.operations)
        yield Planned(target.key, plan, len(desired) - writes, found)


async def difference(configured: Target, key: str, operation: Operation) -> Iterator[str]:
    """Return what an operation changes, by lines; the server is asked what it holds. Raises PublishError."""
    record = (await configured.calendars.store.ledger.targets()).get(key)
    before: list[str] = []
    if record and not isinstance(operation, Create):
        server = configured.server("")
        before = _lines(await server.body(record.url, operation.publication.href))
    after = [] if isinstance(operation, Delete) else _lines(operation.resource.body)
    return (line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:2] not in _MARKS)


_MARKS = {"--", "++", "@@"}


_FIRST = ("SUMMARY", "DTSTART", "DTEND", "RRULE", "LOCATION", "URL", "DESCRIPTION")


def _order(line: str) -> tuple[int, str]:
    """Return the key that orders properties for a person; servers send them in any order."""
    name = line.partition(":")[0].partition(";")[0]
    return _FIRST.index(name) if name in _FIRST else len(_FIRST), line


def _lines(body: bytes) -> list[str]:
    lines = [str(line) for line in unfold(body)]
    inside = [i for i, line in enumerate(lines) if line in {"BEGIN:VEVENT", "END:VEVENT"}]
    event = lines[inside[0] + 1 : inside[-1]] if inside else lines
    return sorted((line for line in event if not line.startswith(_STAMPS)), key=_order)


@dataclass(frozen=True, slots=True)
class TargetReport:
    """
    The result of asking a target's server, and the state of what was published so far.
    """

    name: str
    state: TargetState
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether nothing has to be corrected."""
        return self.state is TargetState.IN_STEP


async def check_target(configured: Target, *, write: bool = False) -> TargetReport:
    """
    Ask one target and return the report; a test event is written and removed where `write` says so.

    Raises StoreUnavailable.
    """
    try:
        collections = [configured.collection(calendar) for calendar in configured.choose_calendars()]
    except PublishError as error:
        if "@" not in configured.settings.calendar:
            return TargetReport(configured.name, state_of(error), (str(error),))
        # The server can be asked all the same.
        collections, notes = (
            [configured.settings.collection or configured.settings.calendar],
            [f"not yet: {error}"],
        )
    else:
        notes = []
    try:
        # All collections of one target have one server and one user.
        found, is_there = await _discover(configured, collections[0] if collections else configured.name)
        options = await configured.server("").options(found.url)
        if write:
            notes.append(await _try_writing(configured, found, is_there=is_there))
    except PlaceNotTrusted as error:
        setting = f"CONFCAL_TARGETS__{configured.name.upper()}__TRUSTED_HOSTS={error.entry}"
        lines = (str(error), f"if you trust that place with the password: {setting}")
        return TargetReport(configured.name, TargetState.FAILING, lines)
    except PublishError as error:
        return TargetReport(configured.name, state_of(error), (str(error),))
    refusals = await _refusals(configured)
    supported = ", ".join(sorted(word.strip() for word in options.get("dav", "").split(",") if "-" in word))
    quirks = describe(active(found.server, configured.settings.quirks))
    text = "the collection is there" if is_there else "the collection is not there yet; confcal creates it"
    return TargetReport(
        configured.name,
        TargetState.INCOMPLETE if refusals else TargetState.IN_STEP,
        (
            *refusals,
            f"{host_of(found.url)} ({found.server or 'server not recognized'}): {text}",
            *notes,
            f"supports: {supported or 'it does not say'}",
            *(f"quirk {quirk.name}: {quirk.about}" for quirk in quirks),
        ),
    )


async def _try_writing(configured: Target, found: DiscoveredCollection, *, is_there: bool) -> str:
    """Write and remove a test event, and return the result. Raises PublishError."""
    if not is_there:
        return "no test event was written: the collection is not there yet"
    await write_and_remove(configured.server("").publisher(found.url, found.server), utc_now())
    return "a test event was written and removed"


async def _refusals(configured: Target) -> tuple[str, ...]:
    """Return what the ledger says of events that the server refused, each reason once."""
    ledger = configured.calendars.store.ledger
    keys = [key for key in await ledger.targets() if configured.keeps(key)]
    rows = [row for key in keys for row in (await ledger.publications(key)).values()]
    reasons = Counter(
        row.reason for row in rows if row.standing is Standing.PARKED or (row.refusals and _waits(row))
    )
    return tuple(
        f"incomplete: {count} {'event is' if count == 1 else 'events are'} refused: {reason}"
        for reason, count in reasons.most_common(_MOST_REASONS)
    )


def _waits(row: Publication) -> bool:
    return row.standing is Standing.WAITING


async def _discover(configured: Target, collection: str) -> tuple[DiscoveredCollection, bool]:
    """Return the collection and whether it exists; where it does not, its server."""
    server = configured.server(collection)
    looking = CalDavServer(
        server.connection,
        CollectionSpec(server.spec.url, collection, create=False, quirks=server.spec.quirks),
        server.rules,
        server.concurrency,
    )
    try:
        return await looking.find(), True
    except CollectionMissing as missing:
        quirks = active(missing.server, server.spec.quirks)
        if not configured.settings.create or "no-create" in quirks:
            raise
        return DiscoveredCollection(configured.settings.url, missing.server), False


def verb(operation: Operation) -> str:
    """Return what an operation does, as a sign."""
    match operation:
        case Create():
            return "+"
        case Update():
            return "~"
        case Delete():
            return "-"
