"""
The result of a posted event, for its sender.
"""

import msgspec


class RejectedConference(msgspec.Struct, frozen=True):
    """
    A conference of an event that was rejected. Its published VEVENT stays unchanged.
    """

    conference: str
    """Its ID, or an empty text if the ID is missing too."""

    field: str
    reason: str


class AcceptedEvent(msgspec.Struct, frozen=True):
    """
    The result of an event.
    """

    account: str
    """The account to which the list was attributed."""

    accepted: int
    """How many conferences were accepted."""

    rejected: tuple[RejectedConference, ...]
    doubts: tuple[str, ...]
    """Why nothing is removed though this list lacks it."""
