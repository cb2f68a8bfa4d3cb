"""
Calendars: named sets of VEVENTs, each chosen by a rule.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.core.conference import Account, Key
from service.core.known import Entry, State

ALL = "all"


@dataclass(frozen=True, slots=True)
class Calendar:
    """
    A named set of VEVENTs.
    """

    name: str
    """Unique; the address of its feed derives from it."""

    title: str
    """What people see."""

    account: Account | None = None
    """Whose conferences; None for everybody's."""

    variant: str = "full-en"


def calendars_of(accounts: Iterable[Account], variant: str) -> dict[str, Calendar]:
    """
    Return the calendars that exist without configuration, by name: `all`, and one for each account.
    """
    every = Calendar(ALL, "TrueConf", None, variant)
    each = (Calendar(str(a), f"TrueConf: {a}", a, variant) for a in sorted(accounts))
    return {calendar.name: calendar for calendar in (every, *each)}


def entries_of(calendar: Calendar, state: State) -> Iterator[Entry]:
    """
    Yield the entries of a calendar, those without a schedule too.
    """
    chosen = [calendar.account] if calendar.account else list(state.accounts)
    seen: set[Key] = set()
    for account in chosen:
        for id_ in state.known(account).reported:
            entry = state.entry(account.server, id_)
            if entry.key not in seen:
                seen.add(entry.key)
                yield entry
