"""
Work that a cancellation always ends.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def run_in_task(work: Coroutine[Any, Any, None]) -> None:
    """
    Run `work` in a task of its own, and raise what it raises. A cancellation ends it and is always raised.

    A TaskGroup of Python 3.11 and 3.12 forgets that it was cancelled if one of its tasks fails in the same
    moment. A source whose connection broke while the daemon stopped would then reconnect for ever.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        # The work was to end anyway, so its error changes nothing.
        await asyncio.gather(task, return_exceptions=True)
        raise
    task.result()
