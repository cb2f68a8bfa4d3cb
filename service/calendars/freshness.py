"""
How current a calendar is: which sources it depends on, and which of them fell silent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.calendars.calendar import Calendar
from service.core.account_state import AccountState, Entry
from service.core.conference import Key
from service.core.quiet import NEVER_QUIET, QuietHours
from service.core.state import STALE_AFTER, State


@dataclass(frozen=True, slots=True)
class SilentSource:
    """
    A source that a calendar holds something of, and that has sent no list for too long.
    """

    source: str
    since: datetime
    """When its last list arrived."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """
    How current a calendar is.
    """

    listed_at: datetime | None
    """When the list arrived that it depends on; of several sources, that of the one which is behind most."""

    silences: tuple[SilentSource, ...] = ()


def judge_freshness(
    calendar: Calendar,
    entries: Sequence[Entry],
    state: State,
    quiet: Mapping[str, QuietHours],
    now: datetime,
) -> Freshness:
    """
    Return how current a calendar with these entries is. `quiet` names every source of the settings.

    A source that the settings no longer name counts only where there is no other; so does what a source
    reported before another user signed in there.
    """
    awaited: Mapping[str, datetime]
    if calendar.account:
        known = state.account(calendar.account)
        awaited = {known.source: known.list_at} if known.list_at else {}
        held = dict(awaited)
    else:
        awaited = _find_awaited(state, quiet)
        held = {source: awaited[source] for source in _find_holders(entries, state, awaited)}
    silences = [
        SilentSource(source, at)
        for source, at in held.items()
        if quiet.get(source, NEVER_QUIET).is_overdue(at, now, STALE_AFTER)
    ]
    silences.sort(key=lambda each: (each.since, each.source))
    # A calendar without conferences is as current as all lists are.
    return Freshness(min((held or awaited).values(), default=None), tuple(silences))


def _find_awaited(state: State, sources: Collection[str]) -> Mapping[str, datetime]:
    """Return the sources whose lists are awaited, each with the moment of its last one."""
    latest = {source: known.list_at for source, known in state.latest_by_source().items() if known.list_at}
    configured = {source: at for source, at in latest.items() if source in sources}
    if configured or not latest:
        return configured
    newest = max(latest, key=lambda source: (latest[source], source))
    return {newest: latest[newest]}


def _find_holders(entries: Iterable[Entry], state: State, sources: Collection[str]) -> list[str]:
    """Return the sources that reported something of these entries."""
    keys = {entry.key for entry in entries if not entry.key.part}
    found: dict[str, None] = {}
    for known in state.accounts.values():
        if known.source not in sources or known.source in found:
            continue
        if _share(known, keys):
            found[known.source] = None
    return list(found)


def _share(known: AccountState, keys: Collection[Key]) -> bool:
    """Return whether an account reports one of these conferences; the cost is that of the smaller set."""
    server = known.account.server
    if len(keys) < len(known.reported):
        return any(key.server == server and key.id in known.reported for key in keys)
    return any(Key(server, id_) in keys for id_ in known.reported)
