"""
What stands behind a source in tests: it keeps what the source hands over or tells.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import Any

from typing_extensions import override

from service.core.conference import Account, Snapshot
from service.sources.endpoint import Endpoint
from service.sources.endpoint_config import EndpointConfig, EndpointTiming
from service.sources.hooks import NoHooks, SnapshotSink
from service.sources.status import SourceStatus
from service.trueconf.frames import Frame
from service.trueconf.wire import Decoder
from tests.reaching import stop


class Collector(SnapshotSink):
    """
    Keeps lists, in the order in which they were taken over.
    """

    def __init__(self) -> None:
        self.snapshots: asyncio.Queue[Snapshot] = asyncio.Queue()

    async def accept(self, snapshot: Snapshot) -> None:
        """Keep a list."""
        await self.snapshots.put(snapshot)

    def taken(self) -> list[Snapshot]:
        """Return the lists that nobody took out yet."""
        return [self.snapshots.get_nowait() for _ in range(self.snapshots.qsize())]


class StatusHook(NoHooks):
    """
    Hands every change of status on.
    """

    def __init__(self, note: Callable[[SourceStatus], None]) -> None:
        self._note = note

    def note_status(self, status: SourceStatus) -> None:
        """Hand it on."""
        self._note(status)


class Broken(Decoder):
    """
    Fails as a library may, on what nobody foresaw.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    @override
    def decode(self, data: str | bytes) -> Frame:
        raise self._error


@asynccontextmanager
async def running(source: Endpoint, sink: SnapshotSink, seconds: float = 10) -> AsyncIterator[Endpoint]:
    """Run an endpoint, for at most this long."""
    async with asyncio.timeout(seconds):
        task = asyncio.create_task(source.run(sink))
        try:
            yield source
        finally:
            await stop(task)


_CONFIG, _TIMING = ({each.name for each in fields(kind)} for kind in (EndpointConfig, EndpointTiming))


def make_endpoint(url: str, **given: Any) -> Endpoint:
    """Return the endpoint `lobby` at this address; `given` are fields of its config and timing, or more."""
    config = {"pin": None, "fallback": Account("lobby", "127.0.0.1")} | _only(given, _CONFIG)
    timing = {"random": lambda: 0.0} | _only(given, _TIMING)
    rest = {name: value for name, value in given.items() if name not in _CONFIG | _TIMING}
    return Endpoint("lobby", EndpointConfig(url, **config), timing=EndpointTiming(**timing), **rest)


def _only(given: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name in names}
