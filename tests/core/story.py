"""
Lists that arrive one after the other, and what is known after each.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.core.account_state import AccountState, Entry
from service.core.changes import Changes
from service.core.conference import Account, Conference, Key, Listing, Rejection, Snapshot
from service.core.revision import Policy, approve, revise
from service.core.state import State
from tests.core.given import NOW, ROOM, SERVER, listed


@dataclass
class Story:
    """
    The state of a store that records each list.
    """

    policy: Policy = field(default_factory=Policy)
    state: State = field(default_factory=State)
    now: datetime = NOW

    def hears(
        self,
        *conferences: Conference,
        after: timedelta = timedelta(),
        account: Account = ROOM,
        doubts: tuple[str, ...] = (),
        rejections: tuple[Rejection, ...] = (),
    ) -> Changes:
        """Record a list that arrives `after` the one before, and return what it changed."""
        self.now += after
        snapshot = listed(*conferences, at=self.now, account=account, doubts=doubts)
        listing = Listing(snapshot.listing.conferences, rejections, snapshot.listing.doubts)
        return self.records(replace(snapshot, listing=listing))

    def records(self, snapshot: Snapshot) -> Changes:
        changes = revise(self.state, snapshot, self.policy)
        self.state = self.state.after(changes, snapshot, self.state.version + 1)
        return changes

    def approves(self, account: Account = ROOM) -> Changes:
        """Apply the account's held list at once, as `confcal approve` does."""
        changes = approve(self.state, account, self.policy, self.now)
        assert changes
        nothing = listed(at=changes.received_at, account=account)
        self.state = self.state.after(changes, nothing, self.state.version + 1)
        return changes

    def known(self, account: Account = ROOM) -> AccountState:
        return self.state.account(account)

    def members(self, account: Account = ROOM) -> set[str]:
        """Return the ids in an account's calendar."""
        return set(self.known(account).reported)

    def entry(self, id_: str) -> Entry:
        return self.state.entries[Key(SERVER, id_)]
