"""
The status of a source, for the dashboard.
"""

from dataclasses import dataclass
from datetime import datetime

from service.core.conference import Account
from service.core.sources import SourceState


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """
    The status of one source.
    """

    name: str
    """The name of the source in the settings."""

    state: SourceState
    account: Account | None
    """The account whose lists arrive, or arrived last."""

    last_list_at: datetime | None
    """When the last accepted list arrived."""

    error: str
    """One sentence about what is wrong, empty where nothing is."""

    since: datetime
    """When it came into this state."""
