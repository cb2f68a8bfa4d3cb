"""
Waiting for what nothing announces: another process, a file, a part that says nothing of itself; and its end.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable
from typing import Any


async def reach(
    condition: Callable[[], object] | Callable[[], Awaitable[object]],
    seconds: float = 10,
    *,
    pause: float = 0.01,
) -> float:
    """Wait until something is so, and return how long that took."""
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(seconds):
        while not await _ask(condition):  # noqa: ASYNC110 -- nothing announces it
            await asyncio.sleep(pause)
    return asyncio.get_running_loop().time() - begun


async def stop(task: asyncio.Task[Any]) -> None:
    """Cancel a task that runs for ever, and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _ask(condition: Callable[[], object]) -> object:
    found = condition()
    return await found if isawaitable(found) else found
