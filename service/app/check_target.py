"""
Whether a target works: its server is asked, and the ledger for what it refused.
"""

from collections import Counter
from dataclasses import dataclass

from service.app.clock import utc_now
from service.app.targets import Target
from service.app.trial_event import write_and_remove
from service.caldav.discovery import CollectionSpec
from service.caldav.hrefs import host_of
from service.caldav.quirks import active, describe
from service.caldav.server import CalDavServer
from service.core.errors import CollectionMissing, PlaceNotTrusted, PublishError
from service.core.target_state import TargetState
from service.publishing.model import Standing
from service.publishing.ports import DiscoveredCollection
from service.publishing.retry import state_of

_MOST_REASONS = 3


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
        row.reason
        for row in rows
        if row.standing is Standing.PARKED or (row.refusals and row.standing is Standing.WAITING)
    )
    return tuple(
        f"incomplete: {count} {'event is' if count == 1 else 'events are'} refused: {reason}"
        for reason, count in reasons.most_common(_MOST_REASONS)
    )


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
