"""
Another secret: old addresses live on for a grace, and end when the operator says so.
"""

import json
import signal

import httpx

from service.calendars.tokens import token_of
from service.simulator.server import Simulator, SimulatorOptions
from tests.e2e.given import once
from tests.e2e.program import SECRET, Home

NEW = "the-secret-after-that-one"


async def test_old_links_live_on_until_the_previous_secret_is_left_out(home: Home) -> None:
    toml = home.path / "settings.toml"
    toml.write_text(f'secret_previous = "{SECRET}"\n')
    async with Simulator(SimulatorOptions(conferences=[once("1")])) as simulator:
        async with home.daemon(simulator.url) as before:
            old = await before.feed(lambda feed: "1" in feed.vevents)
        async with home.daemon(simulator.url, SECRET=NEW, CONFIG_FILE=str(toml)) as daemon:
            # This client knows the old secret alone.
            again = await daemon.feed(lambda feed: "1" in feed.vevents)
            fresh = await daemon.http.get(f"{daemon.url}/feeds/{token_of(NEW.encode(), 'all', 0)}/x.ics")
            page = await daemon.http.get(f"{daemon.url}/calendars/{token_of(SECRET.encode(), 'all', 0)}")
            async with home.started(
                "feeds", "--json", SECRET=NEW, CONFIG_FILE=str(toml), PUBLIC_URL=daemon.url
            ) as listing:
                assert await listing.ended() == 0
            toml.write_text("")
            daemon.program.send(signal.SIGHUP)
            await daemon.program.event("settings.reloaded")
            ended = await daemon.get()

    assert again.body == old.body == fresh.content
    assert page.status_code == httpx.codes.OK
    # Whoever opens the page behind an old link is shown the new one.
    handed_out = [each["feed_url"] for each in json.loads("".join(listing.out))]
    assert any(url in page.text for url in handed_out)
    assert all(token_of(SECRET.encode(), "all", 0) not in url for url in handed_out)
    assert ended.status_code == httpx.codes.NOT_FOUND
