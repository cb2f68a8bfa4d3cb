"""
Endpoints that attack all at once: nobody else notices, memory stays bounded, and they are heard again.
"""

import json
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once
from tests.e2e.program import Home
from tests.e2e.siege import MEBIBYTE, besieged
from tests.e2e.turncoat import Turncoat, frames
from tests.trueconf.hostile import CONTINUATION, FINAL, PING, TEXT, frame

pytestmark = pytest.mark.thorough

LIST = b'{"method":"event","event":"conferenceList","conferences":['


def listed(*conferences: bytes) -> bytes:
    return frame(FINAL | TEXT, LIST + b",".join(conferences) + b"]}")


def rejected_ones(count: int, octets: int) -> bytes:
    one = json.dumps({"schedule_type": "month", "topic": "x" * octets})[1:]
    return listed(*(f'{{"id":"{n}",{one}'.encode() for n in range(count)))


# Each is made by the test that sends it: together they are hundreds of megabytes.
FLOODS: dict[str, Callable[[], bytes]] = {
    "numbers": lambda: listed(b"0," * (15 * MEBIBYTE) + b"0"),
    "values": lambda: listed(*(b'{"id":"%d","x":[%s0]}' % (n, b"[]," * 500) for n in range(19_999))),
    "rejected": lambda: rejected_ones(19_999, 1500),
    "fragments": lambda: frame(TEXT, LIST) + frame(CONTINUATION, b"0," * (2 * MEBIBYTE)) * 7,
    "names": lambda: frame(
        FINAL | TEXT, b"{" + b'"conferences":[],' * 1_900_000 + b'"event":"conferenceList"}'
    ),
    "pings": lambda: frame(FINAL | PING, b"x" * 125) * 100_000,
}


@pytest.mark.parametrize(
    "names", [("numbers", "values", "rejected"), ("fragments", "names", "pings")], ids="-".join
)
async def test_three_endpoints_that_send_all_they_may_harm_nobody_else(
    home: Home, names: tuple[str, ...]
) -> None:
    async with AsyncExitStack() as opened:
        bad: list[Turncoat] = []
        settings = {}
        for number, name in enumerate(names):
            options = SimulatorOptions(conferences=[once(f"of {name}")], peer=f"peer{number}")
            room = await opened.enter_async_context(Simulator(options))
            port = int(room.url.rpartition(":")[2])
            turncoat = Turncoat(frames(FLOODS[name]()), port)
            bad.append(await opened.enter_async_context(turncoat.listening()))
            settings[f"SOURCES__{name.upper()}__URL"] = f"ws://127.0.0.1:{turncoat.port}"
        siege = await opened.enter_async_context(besieged(home, **settings))
        async with siege.watched(least_seconds=4):
            pass
        siege.assert_unharmed()
        for each in bad:
            await each.repent()

        for name in names:
            await siege.heard(f"of {name}")
        assert all(each.attacked for each in bad)
        siege.assert_unharmed()
