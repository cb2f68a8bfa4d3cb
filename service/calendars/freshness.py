"""
How current a calendar is: which sources it depends on, and which of them fell silent.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.calendars.calendar import Calendar
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.quiet import QuietHours
from service.core.state import STALE_AFTER, State

_ALWAYS = QuietHours()


@dataclass(frozen=True, slots=True)
class Silence:
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

    silences: tuple[Silence, ...] = ()


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
    last = _find_lists(calendar, entries, state, quiet)
    silences = [
        Silence(source, at) for source, at in last.items() if is_silent(at, quiet.get(source, _ALWAYS), now)
    ]
    silences.sort(key=lambda each: (each.since, each.source))
    return Freshness(min(last.values(), default=None), tuple(silences))


def is_silent(listed_at: datetime, quiet: QuietHours, now: datetime) -> bool:
    """Return whether lists should have arrived since the last one."""
    alarm = quiet.find_alarm(listed_at, STALE_AFTER)
    return alarm is not None and now > alarm


def _find_lists(
    calendar: Calendar, entries: Sequence[Entry], state: State, sources: Collection[str]
) -> Mapping[str, datetime]:
    """Return when the last list of each source arrived that a calendar depends on."""
    if calendar.account:
        known = state.account(calendar.account)
        return {known.source: known.list_at} if known.list_at else {}
    latest = _latest_lists(state)
    configured = {source: at for source, at in latest.items() if source in sources} or latest
    # A calendar without conferences depends on everybody.
    return {source: configured[source] for source in _find_holders(entries, state, configured)} or configured


def _latest_lists(state: State) -> dict[str, datetime]:
    latest: dict[str, datetime] = {}
    for known in state.accounts.values():
        if known.list_at:
            latest[known.source] = max(known.list_at, latest.get(known.source, known.list_at))
    return latest


def _find_holders(entries: Iterable[Entry], state: State, sources: Collection[str]) -> list[str]:
    """Return the sources that reported something of these entries."""
    keys = {entry.key for entry in entries if not entry.key.part}
    found: dict[str, None] = {}
    for known in state.accounts.values():
        if known.source not in sources or known.source in found:
            continue
        if any(Key(known.account.server, id_) in keys for id_ in known.reported):
            found[known.source] = None
    return list(found)
