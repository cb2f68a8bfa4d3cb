"""
Waits that a person may cut short.
"""

import asyncio
from collections.abc import Awaitable, Callable


async def sleep_until_hurried(
    sleep: Callable[[float], Awaitable[None]], seconds: float, hurry: asyncio.Event
) -> None:
    """
    Sleep for this time, or until `hurry` is set; a request from before the wait does not count.
    """
    hurry.clear()
    sleeping = asyncio.ensure_future(sleep(seconds))
    hurrying = asyncio.create_task(hurry.wait())
    try:
        await asyncio.wait({sleeping, hurrying}, return_when=asyncio.FIRST_COMPLETED)
        if sleeping.done():
            sleeping.result()
    finally:
        for task in (sleeping, hurrying):
            task.cancel()
        await asyncio.gather(sleeping, hurrying, return_exceptions=True)


class HurryLimit:
    """
    How often a person may cut waits short: once a minute, so that nobody locks a PIN or a password by clicks.
    """

    def __init__(self) -> None:
        self._last: float | None = None

    def admits(self, now: float) -> bool:
        """Return whether it may be done at this moment of a clock in seconds, and count it then."""
        # A clock that was set back must not lock the button.
        if self._last is not None and abs(now - self._last) < HURRY_EVERY_SECONDS:
            return False
        self._last = now
        return True


HURRY_EVERY_SECONDS = 60.0
