"""
What the dashboard shows of a source.
"""

from dataclasses import dataclass
from datetime import datetime

from service.core.conference import Account
from service.core.sources import SourceState


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """
    How one source is doing.
    """

    name: str
    """The name of the source in the settings."""

    state: SourceState
    account: Account | None
    """Whose lists arrive, or arrived last."""

    last_list_at: datetime | None
    """When the last list arrived whose owner was known and that was taken over."""

    error: str
    """One sentence about what is wrong, empty where nothing is."""

    since: datetime
    """When it came into this state."""
