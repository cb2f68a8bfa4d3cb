"""
The time after a change of user, in which a list may still be that of the user before, or an empty one.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from service.core.conference import Snapshot

_SETTLES_IN: Final = timedelta(minutes=2)


class Login:
    """
    Remembers when the user changed last, and doubts the lists that come soon after.
    """

    def __init__(self) -> None:
        self._changed_at: datetime | None = None

    def note_change(self, now: datetime) -> None:
        """Note that another user may be logged in."""
        self._changed_at = now

    def add_doubt(self, snapshot: Snapshot) -> Snapshot:
        """Return the snapshot, with a doubt where it came too early."""
        if self._changed_at is None:
            return snapshot
        # A clock that was set back restarts the wait, so that it neither ends at once nor lasts for ever.
        self._changed_at = min(self._changed_at, snapshot.received_at)
        age = snapshot.received_at - self._changed_at
        if age >= _SETTLES_IN:
            return snapshot
        doubt = f"login changed {int(age.total_seconds())} s ago"
        listing = replace(snapshot.listing, doubts=(*snapshot.listing.doubts, doubt))
        return replace(snapshot, listing=listing)
