"""
Held lists: what each of them would remove, and when it is applied by itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from service.core.account_state import AccountState, Entry, HeldRemoval
from service.core.conference import Key
from service.core.edits import Policy
from service.core.occurrences import Occurrence
from service.core.state import State
from service.core.vevent import summary_of

_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Leaving:
    """
    A conference that a held list would remove.
    """

    id: str
    topic: str
    start: datetime | None = None
    """When it takes place next; None where it has no date."""


@dataclass(frozen=True, slots=True)
class HeldList:
    """
    A list whose removals wait for a decision.
    """

    account: str
    since: datetime
    upcoming: int
    digest: str
    leaving: tuple[Leaving, ...]
    """The soonest first."""

    applied_at: datetime | None = None
    """When lists that agree apply it by themselves; None where somebody decided to keep what it lacks."""

    lists: int = 1
    """How many lists in a row agree."""

    display_name: str = ""
    """What the account is called; empty where nobody looked."""

    @property
    def kept(self) -> bool:
        """Whether somebody decided that what it lacks stays."""
        return self.applied_at is None


def find_held(state: State) -> list[Key]:
    """Return the conferences that held lists would remove."""
    held = ((known.account.server, known.held) for known in state.order_accounts() if known.held)
    return [Key(server, id_) for server, each in held for id_ in sorted(each.missing)]


def list_held(
    state: State, policy: Policy, find_next: Callable[[Entry], Occurrence | None]
) -> list[HeldList]:
    """Return the held lists by account; `find_next` finds when an entry takes place next."""
    known = state.order_accounts()
    return [_describe(state, each, each.held, policy, find_next) for each in known if each.held]


def _describe(
    state: State,
    known: AccountState,
    held: HeldRemoval,
    policy: Policy,
    find_next: Callable[[Entry], Occurrence | None],
) -> HeldList:
    entries = {id_: state.entries.get(Key(known.account.server, id_)) for id_ in held.missing}
    leaving = (_describe_leaving(id_, entry, find_next) for id_, entry in entries.items())
    return HeldList(
        str(known.account),
        held.since,
        held.upcoming,
        held.digest,
        tuple(sorted(leaving, key=lambda each: (each.start or _LAST, len(each.id), each.id))),
        None if held.kept else held.since + policy.removal.hold_for,
        held.lists,
    )


def _describe_leaving(
    id_: str, entry: Entry | None, find_next: Callable[[Entry], Occurrence | None]
) -> Leaving:
    if entry is None:
        return Leaving(id_, id_)
    following = find_next(entry)
    return Leaving(id_, summary_of(entry.conference), following.start if following else None)
