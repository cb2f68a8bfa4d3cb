"""
The queue of a round: in which order, and how many at a time, it runs over collections.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from service.publishing.ports import TargetCollection

Run = Callable[[TargetCollection], Coroutine[Any, Any, None]]


class CollectionQueue:
    """
    Runs over collections in parallel. Those that change meanwhile come before all that wait.
    """

    def __init__(
        self,
        run: Run,
        *,
        most: Callable[[], int],
        find: Callable[[], Iterable[TargetCollection]],
        find_changed: Callable[[str], TargetCollection | None],
    ) -> None:
        """
        `most` returns how many may run at a time now.

        `find` returns what has work, the most urgent first. `find_changed` returns the collection of a key if
        it still exists and changed since its last run began.
        """
        self._run = run
        self._most = most
        self._find = find
        self._find_changed = find_changed
        self._changed = asyncio.Event()

    def mark_changed(self) -> None:
        """Have a running queue find again what has work."""
        self._changed.set()

    async def run(self) -> None:
        """
        Run over all that has work, each once and again where it changes meanwhile.

        Raises the first error of a run; the other runs are cancelled then.
        """
        self._changed.clear()
        waiting = deque(self._find())
        running: dict[asyncio.Task[Any], str] = {}
        overtaken: set[str] = set()
        repeated: set[str] = set()
        changed: asyncio.Task[Any] = asyncio.create_task(self._changed.wait())
        try:
            while waiting or running:
                while waiting and len(running) < self._most():
                    target = waiting.popleft()
                    running[asyncio.create_task(self._run(target))] = target.key
                done, _ = await asyncio.wait({*running, changed}, return_when=asyncio.FIRST_COMPLETED)
                for task in [task for task in running if task in done]:
                    key = running.pop(task)
                    task.result()
                    again = self._find_changed(key) if key in overtaken else None
                    overtaken.discard(key)
                    if again and key not in repeated:
                        waiting.appendleft(again)
                        repeated.add(key)
                        continue
                    repeated.discard(key)
                    if again:
                        # One that changes in each of its runs lets all others go first.
                        waiting.append(again)
                if changed in done:
                    self._changed.clear()
                    changed = asyncio.create_task(self._changed.wait())
                    # What changes in the middle of its run may have been read before.
                    overtaken = set(running.values())
                    waiting = deque(target for target in self._find() if target.key not in overtaken)
        finally:
            for task in (*running, changed):
                task.cancel()
            await asyncio.gather(*running, changed, return_exceptions=True)
