"""
What TrueConf reports: a conference, and one account's whole list of them.

The words are those of the `conferenceList` event (TrueConf VideoSDK, notifications/conferenceList).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from service.core.schedule import Schedule


class Key(NamedTuple):
    """
    The identity of a conference: two TrueConf servers may use one id for two conferences.
    """

    server: str
    id: str
    part: int = 0
    """0 is the live part. The number of a closed part is its first start in UNIX seconds."""


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """
    The TrueConf user whose list it is.
    """

    peer: str
    """The user's name without its server: `ivanov`."""

    server: str
    """The domain of the TrueConf server, lower case."""

    def __str__(self) -> str:
        return f"{self.peer}@{self.server}"


@dataclass(frozen=True, slots=True)
class Invitation:
    """
    One invited person, room or device. A TrueConf ID is not an e-mail address.
    """

    id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Conference:
    """
    One conference as its server describes it.

    Fields that change with every start do not count in a comparison.
    """

    id: str
    """Unique on its server; leading zeros matter, so it is never a number."""

    topic: str
    owner: str
    """`brown` or `brown@server`; both occur."""

    schedule: Schedule
    mode: str = ""
    """`PxP`, `OxP`, `S|L`, ... as sent: the set is open."""

    access: str = ""
    """`private`, `public`, or empty where the server does not say."""

    created_at: datetime | None = None
    invitations: tuple[Invitation, ...] = ()
    url: str | None = None
    """The join link, where the server gives one (variant B)."""

    state: str = field(default="", compare=False)
    """`running` or `stopped`; flips at every start, so it is no part of what a calendar shows."""

    session_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Rejection:
    """
    A conference (or, with an empty id, a whole frame) that could not be understood.
    """

    conference_id: str
    field: str
    """The field at fault, as a path: `schedule.start_time`."""

    reason: str
    """What is wrong and what was expected, without personal data."""

    raw: bytes = b""
    """What arrived, for inspection."""

    def __str__(self) -> str:
        return f"{self.conference_id or '(no id)'}: {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Listing:
    """
    The conferences of one `conferenceList` event or `getScheduler` reply.
    """

    conferences: tuple[Conference, ...]
    rejections: tuple[Rejection, ...] = ()
    doubts: tuple[str, ...] = ()
    """Reasons why absence from this list proves nothing, as sentences without a full stop."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    One whole list with its arrival time.
    """

    account: Account
    source: str
    """The name of the source in the settings."""

    received_at: datetime
    listing: Listing
    recorded: bool = False
    """Whether the arrival time comes from a recording, not from the clock of this process."""

    @property
    def good(self) -> bool:
        """Whether what is missing from this list may count as gone."""
        return not self.listing.doubts and not self.listing.rejections
