"""
What a snapshot changes of the state: the difference that one transaction writes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from service.core.account_state import Absence, Entry, HeldRemoval
from service.core.conference import Account, Conference, Key
from service.core.errors import LeaseLost, StaleState
from service.core.lease import Fence


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
        """The identity of the part."""
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

    vtimezone: bytes = b""
    """
    The VTIMEZONE that the local times in `body` go by: zone data of another version may say another one.

    Empty where all times are UTC, and where it is not known: then it is that of the bundled zone data.
    """


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
    """Those of `reports` that differ from before in more than the next occurrence."""

    departures: frozenset[str] = frozenset()
    """Members that leave the account's calendar."""

    closings: tuple[Closing, ...] = ()
    """The past parts of what was edited or left."""

    contested: frozenset[Key] = frozenset()
    """Conferences that accounts report differently after this list."""

    agreed: frozenset[Key] = frozenset()
    """Conferences that accounts report alike after this list."""

    expired: frozenset[Key] = frozenset()
    """Closed parts that leave the account's calendar: they are over for too long."""

    held: HeldRemoval | None = None
    held_changed: bool = False
    older: bool = False
    """Whether the list is older than the account's last one, so that nothing of it counts."""

    @property
    def visible(self) -> bool:
        """Whether any calendar may look different now."""
        return bool(self.edits or self.reports or self.departures or self.closings or self.expired)

    @property
    def empty(self) -> bool:
        """Whether only the arrival has to be written."""
        return not (self.visible or self.absences or self.changed or self.held_changed)


@dataclass(frozen=True, slots=True)
class Arrival:
    """
    The arrival of a list that changes nothing. It is recorded together with those of other lists.
    """

    changes: Changes
    """Empty but for the arrival."""

    version: int
    """Of the state that it was decided at."""

    fence: Fence | None = None
    """Of the part that heard the list; None outside of every part."""


Refusal: TypeAlias = StaleState | LeaseLost
"""Why one arrival of several was not recorded."""
