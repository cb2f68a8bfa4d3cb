"""
Sources that behave unlike any TrueConf Room.
"""

from datetime import datetime, timedelta
from typing import Final

from service.core.state import State

MOST_ACCOUNTS: Final = 20
"""Different users whose lists one source may show within a day: people share a room, but not like that."""

DAY: Final = timedelta(days=1)


def accounts_shown(state: State, source: str, now: datetime) -> int:
    """Return how many accounts had their last list from a source within the day up to `now`."""
    return sum(known.list_at is not None and now - known.list_at < DAY for known in state.senders_of(source))


def oddness_of(state: State, source: str, now: datetime) -> str:
    """Return a sentence about what is odd about a source; empty if nothing is."""
    shown = accounts_shown(state, source, now)
    if shown <= MOST_ACCOUNTS:
        return ""
    return (
        f"it showed {shown} different users within a day; "
        "see who logs in there, or set the ACCOUNT of the source"
    )
