"""
The parts that start and end while the daemon runs, each a task of its own in one group.
"""

import asyncio
from collections.abc import Mapping
from typing import Protocol


class Runnable(Protocol):
    """
    A part that runs until it is cancelled.
    """

    async def run(self) -> None:
        """Run until cancelled."""
        ...


class Supervisor:
    """
    Runs parts under their names. A part that crashes ends the group, and with it the daemon.
    """

    def __init__(self, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._running: dict[str, tuple[Runnable, asyncio.Task[None]]] = {}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """The tasks that run now."""
        return [task for _, task in self._running.values()]

    async def keep(self, parts: Mapping[str, Runnable]) -> None:
        """
        Run exactly these parts. One that runs under its name already goes on untouched.

        A part that is no longer wanted, or is another object now, ends before its successor starts.
        """
        over = {name: task for name, (part, task) in self._running.items() if parts.get(name) is not part}
        for task in over.values():
            task.cancel()
        await asyncio.gather(*over.values(), return_exceptions=True)
        for name in over:
            del self._running[name]
        for name, part in parts.items():
            if name not in self._running:
                self._running[name] = part, self._tasks.create_task(part.run(), name=name)

    def stop(self, name: str) -> None:
        """End one part now; the next `keep` waits for it and may start it again."""
        if name in self._running:
            self._running[name][1].cancel()

    def cancel(self) -> None:
        """End all parts."""
        for task in self.tasks:
            task.cancel()
