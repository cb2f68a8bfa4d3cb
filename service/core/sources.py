"""
How a source is doing: one word for the log, the dashboard, the API and the metrics.
"""

from datetime import datetime
from enum import StrEnum

from service.core.quiet import QuietHours
from service.core.state import STALE_AFTER


class SourceState(StrEnum):
    """
    State of a source; the value is the word that the API shows.
    """

    CONNECTING = "connecting"
    AUTHORIZING = "authorizing"
    LISTENING = "listening"
    """Lists arrive, or may arrive at any time."""

    WAITING = "waiting"
    """Events are posted to it, and none arrived yet."""

    LOGGED_OUT = "logged out"
    """Nobody is logged in at the endpoint."""

    WRONG_USER = "wrong user"
    """The logged-in user is one whose lists are not taken."""

    SILENT = "silent"
    """It is connected, but says nothing, or sends no list although it is asked."""

    FLOODING = "flooding"
    """It sent more than it may, and is left alone for a while."""

    FAILING = "failing"
    """What it sent made a library fail; the log has the traceback."""

    PIN_REJECTED = "pin rejected"
    UNREACHABLE = "unreachable"


IN_TROUBLE = frozenset(
    {
        SourceState.LOGGED_OUT,
        SourceState.WRONG_USER,
        SourceState.SILENT,
        SourceState.FLOODING,
        SourceState.FAILING,
        SourceState.PIN_REJECTED,
        SourceState.UNREACHABLE,
    }
)
"""The states in which no list arrives until somebody or something changes."""

BY_ABSENCE = frozenset({SourceState.LOGGED_OUT, SourceState.SILENT, SourceState.UNREACHABLE})
"""The states of an endpoint that is off or not in use, which is normal in quiet hours."""

BY_FAULT = IN_TROUBLE - BY_ABSENCE
"""The states that are trouble at any hour."""


def is_quiet(state: SourceState, since: datetime, quiet: QuietHours, now: datetime) -> bool:
    """Return whether a source is silent as its quiet hours say; `since` is when it came into this state."""
    return state in BY_ABSENCE and quiet.excuse(since, now, STALE_AFTER)
