"""
Sources that behave unlike any TrueConf Room: what the dashboard and the log say of them.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from service.core.state import State

log = structlog.get_logger()

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


class Oddities:
    """
    Checks a source whenever a list of it was accepted, and logs once a day that it is odd.
    """

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._logged_at: dict[str, datetime] = {}

    def report(self, source: str, now: datetime) -> None:
        """Log where the source is odd, unless that was logged within the last day."""
        logged_at = self._logged_at.get(source)
        # Absolute: a clock that was set back must not keep this silent until it has caught up.
        if logged_at is not None and abs(now - logged_at) < DAY:
            return
        shown = accounts_shown(self._state(), source, now)
        if shown > MOST_ACCOUNTS:
            self._logged_at[source] = now
            log.warning("source.many_accounts", source=source, accounts=shown, most=MOST_ACCOUNTS)
