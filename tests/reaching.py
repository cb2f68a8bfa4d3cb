"""
Waiting for what nothing announces: another process, a file, a part that says nothing of itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable


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


async def _ask(condition: Callable[[], object]) -> object:
    found = condition()
    return await found if isawaitable(found) else found
