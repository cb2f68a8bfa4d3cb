"""
What the next run over a target would write.
"""

import difflib
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
from service.core.errors import NoDatabase, UnknownName
from service.core.nearest import suggest
from service.core.state import State
from service.publishing.equivalence import unfold
from service.publishing.model import Create, Delete, Operation, Update
from service.publishing.plan import Plan, make_plan
from service.publishing.ports import Database
from service.settings.model import Settings
from service.store.sql import open_store

_NEVER = timedelta(days=36500)
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
    # Without targets nothing is rendered.
    state = await store.load() if settings.targets else State()
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
class CollectionPlan:
    """
    What the next run over one collection would do.
    """

    key: str
    plan: Plan
    unchanged: int
    found: bool
    """Whether the collection was found before; else all of it counts as new."""


async def make_plans(configured: Target) -> AsyncIterator[CollectionPlan]:
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
        yield CollectionPlan(target.key, plan, len(desired) - writes, found)


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


def sign_of(operation: Operation) -> str:
    """Return what an operation does, as a sign."""
    match operation:
        case Create():
            return "+"
        case Update():
            return "~"
        case Delete():
            return "-"
