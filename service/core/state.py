"""
The whole state: the store loads it, and the synchronizer keeps it in memory.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from service.core.account_state import Absence, AccountState, Entry
from service.core.changes import Changes
from service.core.conference import Account, Conference, Key, Snapshot
from service.core.schedule import Weekly
from service.core.shared_map import SharedMap

K = TypeVar("K", bound=Hashable)

Groups: TypeAlias = SharedMap[K, tuple[Account, ...]]
"""Accounts in their order, by what they have in common."""

STALE_AFTER = timedelta(minutes=30)
"""Endpoints report every eight to twelve minutes."""


@dataclass(frozen=True, slots=True)
class State:
    """
    The whole state as of one version of the store.
    """

    version: int = 0
    entries: SharedMap[Key, Entry] = field(default_factory=SharedMap)
    accounts: SharedMap[Account, AccountState] = field(default_factory=SharedMap)
    contested: frozenset[Key] = frozenset()
    """The conferences that accounts report differently, see `consensus`."""

    vtimezones: Mapping[str, bytes] = field(default_factory=dict)
    """The VTIMEZONEs that stored VEVENTs go by, by zone."""

    holders: Groups[Key] | None = field(default=None, compare=False, repr=False)
    """Whose calendars each live conference is in; made where it is not given."""

    senders: Groups[str] | None = field(default=None, compare=False, repr=False)
    """Which accounts had their last list from each source; made where it is not given."""

    def __post_init__(self) -> None:
        """Look once through all accounts where nobody did before."""
        if self.holders is None:
            held = ((key, known.account) for known in self.accounts.values() for key in known.live())
            object.__setattr__(self, "holders", _regroup(SharedMap(), held, ()))
        if self.senders is None:
            sent = ((known.source, known.account) for known in self.accounts.values())
            object.__setattr__(self, "senders", _regroup(SharedMap(), sent, ()))

    def account(self, account: Account) -> AccountState:
        """Return the account's view; an empty one for an unknown account."""
        return self.accounts.get(account, AccountState(account))

    def order_accounts(self) -> list[AccountState]:
        """Return the views of all accounts in the order of accounts, the same in every process."""
        return sorted(self.accounts.values(), key=lambda known: known.account)

    def senders_of(self, source: str) -> list[AccountState]:
        """Return the views of the accounts that had their last list from a source."""
        senders = self.senders.get(source, ()) if self.senders else ()
        return [self.accounts[account] for account in senders]

    def latest_from(self, source: str) -> AccountState | None:
        """Return the view of the account that had the last list from a source; None before the first list."""
        heard = [known for known in self.senders_of(source) if known.list_at]
        return max(heard, key=_order_by_list, default=None)

    def latest_by_source(self) -> dict[str, AccountState]:
        """Return what `latest_from` gives for each source that had a list."""
        found = ((source, self.latest_from(source)) for source in self.senders or ())
        return {source: known for source, known in found if known}

    def normalize(self, account: Account) -> Account:
        """
        Return an account in its known spelling.

        Endpoints write one TrueConf ID sometimes `Ivanov`, sometimes `ivanov`. Accounts that are known in two
        spellings stay two; a third spelling joins the one seen last.
        """
        if account in self.accounts:
            return account
        alike = [
            known
            for other, known in self.accounts.items()
            if other.server == account.server and other.peer.casefold() == account.peer.casefold()
        ]
        return max(alike, key=_order_by_list).account if alike else account

    def entry(self, server: str, conference_id: str) -> Entry:
        """Return a member's entry. Raises KeyError for a conference that nobody reported."""
        return self.entries[Key(server, conference_id)]

    def wait_longer(self, by: timedelta) -> "State":
        """Return the state with the start of every absence and every hold moved later."""
        waiting = {a: _wait_longer(known, by) for a, known in self.accounts.items()}
        return replace(self, accounts=SharedMap(waiting))

    def reporters(self, key: Key) -> list[AccountState]:
        """Return the views of the accounts that have a live conference in their calendars."""
        holders = self.holders.get(key, ()) if self.holders else ()
        return [self.accounts[account] for account in holders]

    def is_held(self, key: Key) -> bool:
        """Return whether a live conference is in any account's calendar."""
        return key in (self.holders or ())

    @property
    def count(self) -> int:
        """How many live conferences are in any account's calendar."""
        return len(self.holders or ())

    def find_differing(self, before: "State") -> set[Key]:
        """Return the conferences and closed parts that may look different or be in other calendars."""
        found = self.entries.find_differing(before.entries)
        found |= (self.holders or SharedMap()).find_differing(before.holders or SharedMap())
        for account in self.accounts.find_differing(before.accounts):
            found |= self.account(account).closed ^ before.account(account).closed
        return found

    def replace_accounts(self, changed: Iterable[AccountState]) -> "State":
        """Return the state with these views in place of those of the same accounts."""
        pairs = [(self.account(known.account), known) for known in changed]
        reporting = [pair for pair in pairs if pair[0].reported is not pair[1].reported]
        moved = [pair for pair in pairs if pair[0].source != pair[1].source]
        return replace(
            self,
            accounts=self.accounts.replace({known.account: known for _, known in pairs}),
            holders=_regroup(
                self.holders or SharedMap(),
                ((key, now.account) for was, now in reporting for key in now.live_beside(was)),
                ((key, now.account) for was, now in reporting for key in was.live_beside(now)),
            ),
            senders=_regroup(
                self.senders or SharedMap(),
                ((now.source, now.account) for _, now in moved),
                ((was.source, now.account) for was, now in moved),
            ),
        )

    def after(self, changes: Changes, snapshot: Snapshot | None, version: int) -> "State":
        """
        Return the state once `changes` are recorded as `version`.

        `snapshot` is what caused them, or None where a person did.
        """
        if changes.older:
            return self
        known = self.account(changes.account)
        reported = {c.id: c for c in known.reported.values() if c.id not in changes.departures}
        if snapshot:
            reported.update((c.id, c) for c in snapshot.listing.conferences)
        known = replace(
            known,
            reported=reported,
            changed_at=_update_changed_at(known.changed_at, changes),
            closed=known.closed - changes.expired,
            absences=_absences_after(known.absences, changes),
            held=changes.held if changes.held_changed else known.held,
            list_at=changes.received_at,
            count=changes.count,
            source=changes.source,
        )
        edits = [*changes.edits, *(closing.edit for closing in changes.closings)]
        views = {changes.account: known}
        for closing in changes.closings:
            for account in closing.accounts:
                view = views.get(account) or self.accounts[account]
                views[account] = replace(view, closed=view.closed | {closing.key})
        following = self.replace_accounts(views.values())
        return replace(
            following,
            version=version,
            entries=self.entries.replace({edit.entry.key: edit.entry for edit in edits}),
            contested=self.contested - changes.agreed | changes.contested,
        )

    def update_contested(self, keys: Iterable[Key]) -> "State":
        """Return the state with `contested` updated for these conferences."""
        keys = set(keys)
        differing = {key for key in keys if differ(known.reported[key.id] for known in self.reporters(key))}
        return replace(self, contested=self.contested - keys | differing)


def _regroup(
    groups: Groups[K], joined: Iterable[tuple[K, Account]], left: Iterable[tuple[K, Account]]
) -> Groups[K]:
    """Return the groups with accounts that joined some of them and left others; empty groups go."""
    changed = dict[K, tuple[Account, ...]]()
    alone = dict[Account, tuple[Account, ...]]()
    for key, account in left:
        changed[key] = tuple(each for each in changed.get(key, groups.get(key, ())) if each != account)
    for key, account in joined:
        others = changed[key] if key in changed else groups.get(key, ())
        # Most conferences are in one calendar: all of an account share one tuple.
        changed[key] = tuple(sorted({*others, account})) if others else alone.setdefault(account, (account,))
    filled = {key: accounts for key, accounts in changed.items() if accounts}
    return groups.replace(filled, changed.keys() - filled.keys())


def differ(reports: Iterable[Conference]) -> bool:
    """Return whether reports differ in more than which occurrence comes next."""
    reports = iter(reports)
    first = next(reports, None)
    return any(each is not first and _comparable(each) != _comparable(first) for each in reports)


def _comparable(conference: Conference | None) -> Conference | None:
    if conference is None or not isinstance(conference.schedule, Weekly):
        return conference
    at = conference.schedule.start
    return replace(conference, schedule=replace(conference.schedule, start=at.replace(2000, 1, 1)))


def _update_changed_at(changed_at: Mapping[str, datetime], changes: Changes) -> Mapping[str, datetime]:
    if not changes.changed and not changes.departures:
        return changed_at
    kept = {id_: at for id_, at in changed_at.items() if id_ not in changes.departures}
    return kept | dict.fromkeys(changes.changed, changes.received_at)


def _order_by_list(known: AccountState) -> tuple[float, Account]:
    return known.list_at.timestamp() if known.list_at else 0, known.account


def _wait_longer(known: AccountState, by: timedelta) -> AccountState:
    absences = {id_: replace(absence, since=absence.since + by) for id_, absence in known.absences.items()}
    held = replace(known.held, since=known.held.since + by) if known.held else None
    return replace(known, absences=absences, held=held)


def _absences_after(absences: Mapping[str, Absence], changes: Changes) -> Mapping[str, Absence]:
    if not changes.absences and not changes.departures:
        return absences
    merged = {**absences, **changes.absences}
    return {id_: a for id_, a in merged.items() if a is not None and id_ not in changes.departures}
