"""
The seam for the present moment. Code that needs the time receives a clock, and tests choose the time.
"""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """
    A clock. The daemon's is `service.app.clock.utc_now`.
    """

    def __call__(self) -> datetime:
        """Return the present moment in UTC."""
        ...
