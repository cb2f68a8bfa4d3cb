"""
The program itself: from a Room to a real Radicale, and through its being down.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.simulator.server import Simulator, SimulatorOptions
from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.e2e.given import once, weekly
from tests.e2e.program import Home


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Loopback]:
    with loopback.radicale(tmp_path) as server:
        yield server


async def test_conferences_reach_the_collection_and_the_log_says_no_secret(
    tmp_path: Path, radicale: Loopback
) -> None:
    (tmp_path / "home").mkdir()
    settings = {
        "TARGETS__CLOUD__URL": f"http://127.0.0.1:{radicale.port}/",
        "TARGETS__CLOUD__USERNAME": USERNAME,
        "TARGETS__CLOUD__PASSWORD": PASSWORD,
        "TARGETS__CLOUD__COLLECTION": "team",
    }

    def topics() -> str:
        with httpx.Client(auth=(USERNAME, PASSWORD)) as http:
            answer = http.get(f"http://127.0.0.1:{radicale.port}/{USERNAME}/team/")
        return answer.text if answer.status_code == 200 else ""

    options = SimulatorOptions(conferences=[once("100", "Budget"), weekly("200", "Stand-up")])
    async with (
        Simulator(options) as simulator,
        Home(tmp_path / "home").daemon(simulator.url, **settings) as daemon,
    ):
        finished = await daemon.program.event("publish.pass_finished")
        assert finished["created"] == 2
        held = topics()
        assert "Budget" in held
        assert "Stand-up" in held
        assert held.count("BEGIN:VEVENT") == 2
        await daemon.program.end(signal.SIGTERM)

        said = "\n".join([*daemon.program.out, *daemon.program.err])
        assert "publish.pass_finished" in said
        for secret in (PASSWORD, "Budget", "Stand-up", "Authorization"):
            assert secret not in said


async def test_a_target_that_is_down_costs_the_feeds_nothing(tmp_path: Path, radicale: Loopback) -> None:
    radicale.kill()
    (tmp_path / "home").mkdir()
    settings = {"TARGETS__CLOUD__URL": f"http://127.0.0.1:{radicale.port}/"}

    home = Home(tmp_path / "home")
    options = SimulatorOptions(conferences=[once("100")])
    async with Simulator(options) as simulator, home.daemon(simulator.url, **settings) as daemon:
        await daemon.feed(lambda feed: "100" in feed.vevents)
        await daemon.program.event("publish.target_failed")
        await daemon.feed(lambda feed: "100" in feed.vevents)
    radicale.start()
