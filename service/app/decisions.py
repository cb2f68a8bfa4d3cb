"""
What the synchronizer records: pure functions from the state to the changes and their journal entries.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import NamedTuple

from service.core.changes import Changes
from service.core.conference import Account, Key, Snapshot
from service.core.disputes import find_disputes
from service.core.errors import HeldListChanged
from service.core.journal import JournalEntry
from service.core.list_journal import describe_approval, describe_disputes, describe_keeping, describe_list
from service.core.revision import Policy, approve, keep, revise
from service.core.state import State

_SHORT, _FEW_PEOPLE = 64, 1000
"""Conferences, and invitations to all of them, that are compared within a millisecond."""


class Decision(NamedTuple):
    """The changes to record, and their journal entries."""

    changes: Changes
    entries: Sequence[JournalEntry]

    @property
    def only_arrival(self) -> bool:
        """Whether nothing but the arrival of a list is new, whatever is decided about others meanwhile."""
        changes = self.changes
        return changes.empty and not (self.entries or changes.contested or changes.agreed)


def is_quick(state: State, snapshot: Snapshot) -> bool:
    """Return whether to change threads would take longer than `take_over`: nothing is new in a short list."""
    reported, listed = state.account(snapshot.account).reported, snapshot.listing.conferences
    return (
        max(len(reported), len(listed)) <= _SHORT
        and all(each.id in reported for each in listed)
        and sum(len(each.invitations) for each in listed) <= _FEW_PEOPLE
    )


def take_over(state: State, snapshot: Snapshot, policy: Policy, disputed: AbstractSet[Key]) -> Decision:
    """Return what a list changes of a state; `disputed` are the disputes that the journal has."""
    changes, at = revise(state, snapshot, policy.fit_to(state.vtimezones)), snapshot.received_at
    if changes.older:
        return Decision(changes, ())
    entries = describe_list(state, changes, at)
    if disputed or state.contested or changes.contested:
        after = state.after(changes, snapshot, state.version)
        entries += describe_disputes(find_disputes(after, policy, at), disputed, at)
    return Decision(changes, entries)


def decide_approval(
    state: State, account: Account, policy: Policy, now: datetime, digest: str | None
) -> Decision | None:
    """
    Return what changes where the held list of an account is applied; None where nothing is held.

    Raises HeldListChanged where something else is held than what `digest` stands for.
    """
    _require_same(state, account, digest)
    changes = approve(state, account, policy.fit_to(state.vtimezones), now.replace(microsecond=0))
    return Decision(changes, describe_approval(state, changes, now)) if changes else None


def decide_keeping(state: State, account: Account, now: datetime, digest: str | None) -> Decision | None:
    """Return what changes where the conferences that a held list lacks stay; else as `decide_approval`."""
    _require_same(state, account, digest)
    changes = keep(state, account)
    if changes is None:
        return None
    return Decision(changes, describe_keeping(changes, now) if changes.held_changed else ())


def _require_same(state: State, account: Account, digest: str | None) -> None:
    held = state.account(account).held
    if held and digest is not None and held.digest != digest:
        raise HeldListChanged(f"the held list of {account} is another one now; look at it again")
