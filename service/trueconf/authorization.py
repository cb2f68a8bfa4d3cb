"""
Authorization at an endpoint: the PIN, the time of the next request, and the result.
"""

from datetime import datetime, timedelta
from typing import Final

from service.trueconf.events import PinRejected

# An endpoint that asks for authorization after every authorization must not be answered in a loop.
_AGAIN_AFTER: Final = timedelta(seconds=5)


class Authorization:
    """
    The authorization of one source, over all its connections.

    `pin` is the PIN in the settings of the source. If it is None, the PIN in the endpoint's address counts.
    """

    def __init__(self, pin: str | None) -> None:
        self._set_pin = self._pin = pin
        self._asked_at: datetime | None = None
        self.given = False
        """Whether the endpoint accepts our commands."""

    def start_over(self, *, pin: str | None) -> None:
        """Start over on an open socket. `pin` comes from the address and counts if the settings have none."""
        self._pin = self._set_pin or pin
        self.given = False

    def may_be_asked(self, now: datetime) -> bool:
        """Return whether the last time is long enough ago."""
        # Absolute, because a clock that was set back must not block requests until it has caught up.
        return self._asked_at is None or abs(now - self._asked_at) >= _AGAIN_AFTER

    def note_request(self, now: datetime) -> dict[str, str]:
        """Note that authorization is requested now, and return the arguments of the command."""
        self._asked_at = now
        if self._pin:
            return {"type": "secured", "credentials": self._pin}
        return {"type": "unsecured"}

    def note_rejection(self, reason: str) -> PinRejected:
        """Note that the endpoint refused with this text, and return the event that follows."""
        self.given = False
        if not self._pin:
            return PinRejected(f"it asks for a PIN and none is set: {reason}")
        # The words go to the log and the dashboard.
        return PinRejected(reason.replace(self._pin, "***"))
