"""
The whole state: the store loads it, and the synchronizer keeps it in memory.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.core.account_state import Absence, AccountState, Entry
from service.core.changes import Changes
from service.core.conference import Account, Conference, Key, Snapshot
from service.core.schedule import Weekly
from service.core.shared_map import SharedMap

STALE_AFTER = timedelta(minutes=30)
"""Endpoints report every eight to twelve minutes."""


@dataclass(frozen=True, slots=True)
class State:
    """
    The whole state as of one version of the store.
    """

    version: int = 0
    entries: SharedMap[Key, Entry] = field(default_factory=SharedMap)
    accounts: Mapping[Account, AccountState] = field(default_factory=dict)
    contested: frozenset[Key] = frozenset()
    """The conferences that accounts report differently, see `consensus`."""

    holders: SharedMap[Key, tuple[Account, ...]] | None = field(default=None, compare=False, repr=False)
    """Whose calendars each live conference is in, in the order of accounts; made where it is not given."""

    def __post_init__(self) -> None:
        """Look once through all accounts where nobody did before."""
        if self.holders is None:
            object.__setattr__(self, "holders", _find_holders(self.accounts.values()))

    def account(self, account: Account) -> AccountState:
        """Return the account's view; an empty one for an unknown account."""
        return self.accounts.get(account, AccountState(account))

    def latest_from(self, source: str) -> AccountState | None:
        """Return the view of the account that had the last list from a source; None before the first list."""
        return self.latest_by_source().get(source)

    def latest_by_source(self) -> dict[str, AccountState]:
        """Return what `latest_from` gives for each source that had a list."""
        latest: dict[str, tuple[datetime, Account]] = {}
        for account, known in self.accounts.items():
            if known.list_at:
                heard = known.list_at, account
                latest[known.source] = max(heard, latest.get(known.source, heard))
        return {source: self.accounts[account] for source, (_, account) in latest.items()}

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
        return replace(self, accounts={a: _wait_longer(known, by) for a, known in self.accounts.items()})

    def reporters(self, key: Key) -> list[AccountState]:
        """Return the views of the accounts that have a live conference in their calendars."""
        return [self.accounts[account] for account in self._holders.get(key, ())]

    @property
    def _holders(self) -> SharedMap[Key, tuple[Account, ...]]:
        return self.holders if self.holders is not None else SharedMap()

    def replace_accounts(self, changed: Iterable[AccountState]) -> "State":
        """Return the state with these views in place of those of the same accounts."""
        changed = list(changed)
        holders = dict[Key, tuple[Account, ...]]()
        for known in changed:
            account, before = known.account, self.account(known.account).reported.keys()
            for id_ in before ^ known.reported.keys():
                key = Key(account.server, id_)
                others = set(holders.get(key, self._holders.get(key, ()))) - {account}
                holders[key] = tuple(sorted(others if id_ in before else {*others, account}))
        gone = [key for key, accounts in holders.items() if not accounts]
        held = {key: accounts for key, accounts in holders.items() if accounts}
        return replace(
            self,
            accounts={**self.accounts, **{known.account: known for known in changed}},
            holders=self._holders.replace(held, gone),
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


def _find_holders(accounts: Iterable[AccountState]) -> SharedMap[Key, tuple[Account, ...]]:
    found = dict[Key, tuple[Account, ...]]()
    for known in sorted(accounts, key=lambda each: each.account):
        alone = (known.account,)
        for id_ in known.reported:
            key = Key(known.account.server, id_)
            found[key] = found[key] + alone if key in found else alone
    return SharedMap(found)


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
