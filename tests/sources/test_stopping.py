"""
A source that is stopped ends, whatever happens in that moment.
"""

import asyncio
from datetime import datetime

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from service.sources.hooks import NoHooks
from service.trueconf.frames import Frame
from service.trueconf.wire import Decoder
from tests.sources.following import Collector, make_endpoint


class Unreadable(Decoder):
    """Fails on each frame."""

    def decode(self, data: str | bytes) -> Frame:
        raise KeyError(len(data))


class StoppedByAFrame(NoHooks):
    """Stops the source when a frame arrives, before the frame is decoded."""

    def __init__(self) -> None:
        self.running: asyncio.Task[None] | None = None

    def note_frame(self, source: str, frame: bytes, at: datetime) -> None:
        del source, frame, at
        assert self.running is not None
        self.running.cancel()


class Connecting(Exception):
    """The source was about to connect again."""


async def no_page(url: str) -> bytes:
    raise ConnectionRefusedError(url)


async def test_a_source_ends_although_its_connection_fails_in_the_moment_of_the_stop() -> None:
    async def connect_again(seconds: float) -> None:
        raise Connecting(seconds)

    hooks = StoppedByAFrame()
    async with Simulator(SimulatorOptions(conferences=[])) as room:
        source = make_endpoint(
            room.url, fetch=no_page, hooks=hooks, decoder=Unreadable(), sleep=connect_again
        )
        hooks.running = asyncio.create_task(source.run(Collector()))
        with pytest.raises(asyncio.CancelledError):
            await hooks.running
