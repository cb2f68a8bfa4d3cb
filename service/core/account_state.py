"""
What is known of conferences and accounts before a snapshot arrives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from service.core.conference import Account, Conference, Key
from service.core.schedule import UNBOUNDED, Bounds


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
    One conference as the calendars show it, from any account.
    """

    key: Key
    conference: Conference
    """With the start of its series as first reported; `bounds` say where the series begins."""

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
class HeldRemoval:
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

    kept: bool = False
    """
    Whether somebody decided that these stay.

    Then nothing is removed while the lists lack exactly these.
    """

    @property
    def digest(self) -> str:
        """Digest of the conferences that would go. An approval names it, so it cannot approve others."""
        return sha256(repr(sorted(self.missing)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class AccountState:
    """
    One account's view of the state.
    """

    account: Account
    reported: Mapping[str, Conference] = field(default_factory=dict)
    """Each live member of the account's calendar, by id, as this account last reported it."""

    changed_at: Mapping[str, datetime] = field(default_factory=dict)
    """When this account's report of a member last changed, by id; without members of whom it is not known."""

    closed: frozenset[Key] = frozenset()
    """The closed parts in the account's calendar."""

    absences: Mapping[str, Absence] = field(default_factory=dict)
    held: HeldRemoval | None = None
    list_at: datetime | None = None
    """Arrival of the account's last list."""

    count: int = 0
    """How many conferences it had."""

    source: str = ""
    """The source that the last list came from."""

    def live(self) -> Iterator[Key]:
        """Yield the key of each live conference in the account's calendar."""
        return (Key(self.account.server, id_) for id_ in self.reported)

    def live_beside(self, other: "AccountState") -> Iterator[Key]:
        """Yield the key of each live conference that another view of the account lacks."""
        return (Key(self.account.server, id_) for id_ in self.reported.keys() - other.reported.keys())

    def members(self) -> Iterator[Key]:
        """Yield the key of everything in the account's calendar, closed parts included."""
        yield from self.live()
        yield from self.closed

    def lists(self, conference_id: str) -> bool:
        """Return whether the account's last good list held a conference."""
        return conference_id in self.reported and conference_id not in self.absences

    def holds(self, key: Key) -> bool:
        """Return whether a conference, or a closed part of it, is in the account's calendar."""
        if key.part:
            return key in self.closed
        return self.account.server == key.server and key.id in self.reported
