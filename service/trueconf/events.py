"""
The events of a session, one frozen value per kind.
"""

from dataclasses import dataclass

from service.core.conference import Account, Snapshot


@dataclass(frozen=True, slots=True)
class Authorized:
    """The endpoint accepted the PIN, or asks for none."""


@dataclass(frozen=True, slots=True)
class PinRejected:
    """The endpoint refused `auth`, so this connection is useless."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountKnown:
    """From here on lists belong to `account`."""

    account: Account


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """Nobody is logged in at the endpoint; lists are ignored until somebody is."""


@dataclass(frozen=True, slots=True)
class SnapshotReceived:
    """A list whose owner is known."""

    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class ListIgnored:
    """A list without an account, and the reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class ListRefused:
    """A list of a user whose lists are not taken; `reason` is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class FrameWasRejected:
    """A frame that could not be used at all; `raw` is what arrived."""

    field: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """The endpoint refused a command other than `auth` and `getScheduler`."""

    method: str
    error: str


Event = (
    Authorized
    | PinRejected
    | AccountKnown
    | LoggedOut
    | SnapshotReceived
    | ListIgnored
    | ListRefused
    | FrameWasRejected
    | CommandRefused
)
