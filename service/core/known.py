"""
What is known before a snapshot arrives, and what a snapshot changes of it.

`State` is the whole of it, `Known` one account's view, `Changes` the difference that one transaction
writes. The store loads and records them; the synchronizer keeps the loaded state in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from service.core.conference import Account, Conference, Key, Snapshot
from service.core.schedule import UNBOUNDED, Bounds, Weekly


@dataclass(frozen=True, slots=True)
class Revision:
    """
    SEQUENCE and the moment of the last visible change (RFC 5545, 3.8.7.4 and 3.8.7.3).
    """

    sequence: int
    revised_at: datetime
    """UTC, whole seconds; DTSTAMP and LAST-MODIFIED alike, for an object without METHOD (3.8.7.2)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One conference as the calendars show it, whoever reported it.
    """

    key: Key
    conference: Conference
    """With the start of its series as it was first reported; where the series begins, `bounds` tell."""

    revision: Revision
    fingerprint: bytes
    """Digest of the VEVENT without its revision; empty where there is no VEVENT."""

    source: str
    """The source whose settings (zone, join link) rendered it: the last that changed it."""

    bounds: Bounds = UNBOUNDED
    """Which occurrences are shown."""


@dataclass(frozen=True, slots=True)
class Absence:
    """
    A member that good lists no longer mention.
    """

    lists: int
    """How many good lists in a row; 0 where it stays nevertheless, as it has ended."""

    since: datetime
    """When the first of them arrived."""


@dataclass(frozen=True, slots=True)
class Held:
    """
    A list whose removals wait for an approval or for more lists that agree.
    """

    since: datetime
    lists: int
    """How many good lists in a row lacked exactly these conferences."""

    missing: frozenset[str]
    """Ids of the upcoming conferences that would go."""

    upcoming: int
    """How many upcoming conferences the account had."""

    @property
    def digest(self) -> str:
        """What stands for the conferences that would go: whoever looked at these approves no others."""
        return sha256(repr(sorted(self.missing)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Known:
    """
    One account's view of the state.
    """

    account: Account
    reported: Mapping[str, Conference] = field(default_factory=dict)
    """Each live member of the account's calendar, by id, as this account last reported it."""

    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    """When this account's report of a member last changed, by id; lacking where that is not known."""

    closed: frozenset[Key] = frozenset()
    """The closed parts in the account's calendar."""

    absences: Mapping[str, Absence] = field(default_factory=dict)
    held: Held | None = None
    list_at: datetime | None = None
    """Arrival of the account's last list."""

    count: int = 0
    """How many conferences it had."""

    source: str = ""
    """The source that the last list came from."""

    def members(self) -> Iterator[Key]:
        """Yield the keys of all that is in the account's calendar, closed parts too."""
        server = self.account.server
        yield from (Key(server, id_) for id_ in self.reported)
        yield from self.closed

    def lists(self, conference_id: str) -> bool:
        """Return whether the account's last good list held a conference."""
        return conference_id in self.reported and conference_id not in self.absences

    def holds(self, key: Key) -> bool:
        """Return whether a conference, or a closed part of it, is in the account's calendar."""
        if key.part:
            return key in self.closed
        return self.account.server == key.server and key.id in self.reported


@dataclass(frozen=True, slots=True)
class Edit:
    """
    An entry that is new or differs from what is known, with its VEVENT ready to be served.
    """

    entry: Entry
    vevents: Mapping[str, "RenderedVEvent"]
    """By variant; empty where the conference has no schedule."""


@dataclass(frozen=True, slots=True)
class Closing:
    """
    A part that took place and is closed, with the accounts whose calendars it is in.
    """

    edit: Edit
    accounts: frozenset[Account]

    @property
    def key(self) -> Key:
        """Which part it is."""
        return self.edit.entry.key


@dataclass(frozen=True, slots=True)
class RenderedVEvent:
    """
    A VEVENT as bytes, with what a calendar must know to hold it.
    """

    uid: str
    tzid: str
    """The zone whose VTIMEZONE the bytes need; empty where all times are UTC."""

    body: bytes
    """From BEGIN:VEVENT to END:VEVENT, content lines folded, each with CRLF."""


@dataclass(frozen=True, slots=True)
class Changes:
    """
    What one snapshot changes; without any difference only the arrival is new.
    """

    account: Account
    source: str
    received_at: datetime
    count: int
    """Conferences in the list."""

    edits: tuple[Edit, ...] = ()
    reports: tuple[Conference, ...] = ()
    """Members that are new to the account or reported differently than before."""

    absences: Mapping[str, Absence | None] = field(default_factory=dict)
    """Absences that began, grew or (None) ended."""

    changed: frozenset[str] = frozenset()
    """Those of `reports` that tell something else than before, and not only the next occurrence."""

    departures: frozenset[str] = frozenset()
    """Members that leave the account's calendar."""

    closings: tuple[Closing, ...] = ()
    """What took place and stays, of what was edited or left."""

    contested: frozenset[Key] = frozenset()
    """Conferences of which accounts tell different things after this list ..."""

    agreed: frozenset[Key] = frozenset()
    """... and those of which they do not."""

    expired: frozenset[Key] = frozenset()
    """Closed parts that leave the account's calendar: they are over for too long."""

    held: Held | None = None
    held_changed: bool = False
    older: bool = False
    """Whether the list is older than the account's last one, so that nothing of it counts."""

    @property
    def visible(self) -> bool:
        """Whether any calendar may look different now."""
        return bool(self.edits or self.reports or self.departures or self.closings or self.expired)

    @property
    def empty(self) -> bool:
        """Whether nothing but the arrival has to be written."""
        return not (self.visible or self.absences or self.changed or self.held_changed)


@dataclass(frozen=True, slots=True)
class State:
    """
    Everything known, as of one version of the store.
    """

    version: int = 0
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    accounts: Mapping[Account, Known] = field(default_factory=dict)
    contested: frozenset[Key] = frozenset()
    """The conferences of which accounts tell different things, see `consensus`."""

    def known(self, account: Account) -> Known:
        """Return the account's view; an empty one where it was never heard of."""
        return self.accounts.get(account, Known(account))

    def heard(self, source: str) -> Known | None:
        """Return the view of the account whose list came last from a source; None before its first."""
        heard = [
            (known.list_at, account)
            for account, known in self.accounts.items()
            if known.source == source and known.list_at
        ]
        return self.accounts[max(heard)[1]] if heard else None

    def spelled(self, account: Account) -> Account:
        """
        Return an account as it is known already: endpoints write one TrueConf ID now `Ivanov`, now `ivanov`.

        Accounts that are known under two spellings stay two; a third joins the one heard last.
        """
        if account in self.accounts:
            return account
        alike = [
            known
            for other, known in self.accounts.items()
            if other.server == account.server and other.peer.casefold() == account.peer.casefold()
        ]
        return max(alike, key=_heard_at).account if alike else account

    def entry(self, server: str, conference_id: str) -> Entry:
        """Return a member's entry. Raises KeyError for a conference that nobody reported."""
        return self.entries[Key(server, conference_id)]

    def waiting_longer(self, by: timedelta) -> "State":
        """Return the state in which every absence and every hold began so much later."""
        return replace(self, accounts={a: _waiting_longer(known, by) for a, known in self.accounts.items()})

    def reporters(self, key: Key) -> list[Known]:
        """Return the views of the accounts in whose calendars a live conference is."""
        accounts = self.accounts.values()
        return [
            known for known in accounts if known.account.server == key.server and key.id in known.reported
        ]

    def after(self, changes: Changes, snapshot: Snapshot | None, version: int) -> "State":
        """
        Return the state once `changes` are recorded as `version`.

        `snapshot` is what caused them, or None where a person did.
        """
        if changes.older:
            return self
        known = self.known(changes.account)
        reported = {c.id: c for c in known.reported.values() if c.id not in changes.departures}
        if snapshot:
            reported.update((c.id, c) for c in snapshot.listing.conferences)
        known = replace(
            known,
            reported=reported,
            changed_at=_changed_after(known.changed_at, changes),
            closed=known.closed - changes.expired,
            absences=_absences_after(known.absences, changes),
            held=changes.held if changes.held_changed else known.held,
            list_at=changes.received_at,
            count=changes.count,
            source=changes.source,
        )
        entries = self.entries
        edits = [*changes.edits, *(closing.edit for closing in changes.closings)]
        if edits:
            entries = {**entries, **{edit.entry.key: edit.entry for edit in edits}}
        accounts = {**self.accounts, changes.account: known}
        for closing in changes.closings:
            for account in closing.accounts:
                accounts[account] = replace(
                    accounts[account], closed=accounts[account].closed | {closing.key}
                )
        return State(version, entries, accounts, self.contested - changes.agreed | changes.contested)

    def contesting(self, keys: Iterable[Key]) -> "State":
        """Return the state with its `contested` brought up to date for these conferences."""
        keys = set(keys)
        differing = {key for key in keys if differ(known.reported[key.id] for known in self.reporters(key))}
        return replace(self, contested=self.contested - keys | differing)


def differ(reports: Iterable[Conference]) -> bool:
    """Return whether reports tell more different things than which occurrence comes next."""
    reports = iter(reports)
    first = next(reports, None)
    return any(each is not first and _comparable(each) != _comparable(first) for each in reports)


def _comparable(conference: Conference | None) -> Conference | None:
    if conference is None or not isinstance(conference.schedule, Weekly):
        return conference
    at = conference.schedule.start
    return replace(conference, schedule=replace(conference.schedule, start=at.replace(2000, 1, 1)))


def _changed_after(changed_at: Mapping[str, datetime], changes: Changes) -> Mapping[str, datetime]:
    if not changes.changed and not changes.departures:
        return changed_at
    kept = {id_: at for id_, at in changed_at.items() if id_ not in changes.departures}
    return kept | dict.fromkeys(changes.changed, changes.received_at)


def _heard_at(known: Known) -> tuple[float, Account]:
    return known.list_at.timestamp() if known.list_at else 0, known.account


def _waiting_longer(known: Known, by: timedelta) -> Known:
    absences = {id_: replace(absence, since=absence.since + by) for id_, absence in known.absences.items()}
    held = replace(known.held, since=known.held.since + by) if known.held else None
    return replace(known, absences=absences, held=held)


def _absences_after(absences: Mapping[str, Absence], changes: Changes) -> Mapping[str, Absence]:
    if not changes.absences and not changes.departures:
        return absences
    merged = {**absences, **changes.absences}
    return {id_: a for id_, a in merged.items() if a is not None and id_ not in changes.departures}
