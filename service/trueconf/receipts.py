"""
The result of a posted event, for its sender.
"""

import msgspec


class RejectedConference(msgspec.Struct, frozen=True):
    """
    One conference of an event that could not be understood; what is published of it stays as it was.
    """

    conference: str
    """Its ID; empty where even that is missing."""

    field: str
    reason: str


class AcceptedEvent(msgspec.Struct, frozen=True):
    """
    What became of an event.
    """

    account: str
    """Whose list it was taken for."""

    accepted: int
    """How many conferences were understood."""

    rejected: tuple[RejectedConference, ...]
    doubts: tuple[str, ...]
    """Why nothing is removed though this list lacks it."""
