"""
Reports each source that behaves oddly, once a day.
"""

from collections.abc import Callable
from datetime import datetime

import structlog

from service.core.oddness import DAY, MOST_ACCOUNTS, accounts_shown
from service.core.state import State

log = structlog.get_logger()


class Oddities:
    """
    Checks a source whenever a list of it was accepted.
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
