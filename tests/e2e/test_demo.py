"""
`confcal demo`: what a newcomer sees.
"""

import asyncio
import signal

import httpx

from tests.e2e.program import DEADLINE_SECONDS, Feed, Home, started


async def test_the_demo_prints_a_page_and_a_feed_that_changes_by_itself(home: Home) -> None:
    environ = {"HOME": str(home.path), "CONFCAL_PORT": "0"}
    async with (
        started("demo", "--every", 1, environ=environ) as program,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        page_url = (await program.line(lambda line: line.startswith("  Page  "))).split()[-1]
        feed_url = (await program.line(lambda line: line.startswith("  Feed  "))).split()[-1]
        page, first = await http.get(page_url), Feed(await http.get(feed_url))
        seen = {first.etag}
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(seen) < 4:
                await asyncio.sleep(0.1)
                seen.add(Feed(await http.get(feed_url)).etag)
        code = await program.end(signal.SIGINT)

    recurring = [vevent for vevent in first.vevents.values() if "RRULE" in vevent]
    assert len(recurring) >= 1
    assert len(first.vevents) - len(recurring) >= 1
    assert page.status_code == 200
    assert feed_url in page.text
    assert code == 0
    assert program.out[-1] == "The demo has ended."
    assert not any("Traceback" in line for line in program.err)


async def test_the_demo_has_a_dashboard_and_prints_how_to_open_it(home: Home) -> None:
    environ = {"HOME": str(home.path), "CONFCAL_PORT": "0"}
    async with (
        started("demo", environ=environ) as program,
        httpx.AsyncClient(trust_env=False, follow_redirects=True) as http,
    ):
        url = (await program.line(lambda line: line.startswith("  Dashboard  "))).split()[-1]
        token = (await program.line(lambda line: line.startswith("  Its token  "))).split()[-1]
        page = await http.post(f"{url}sign-in", data={"token": token})
        assert await program.end(signal.SIGINT) == 0

    assert page.status_code == 200
    assert "Sign out" in page.text


async def test_the_demo_keeps_the_admin_token_that_is_set_and_does_not_print_it(home: Home) -> None:
    token = "a token of one's own"
    environ = {"HOME": str(home.path), "CONFCAL_PORT": "0", "CONFCAL_ADMIN_TOKEN": token}
    async with (
        started("demo", environ=environ) as program,
        httpx.AsyncClient(trust_env=False, follow_redirects=True) as http,
    ):
        url = (await program.line(lambda line: line.startswith("  Dashboard  "))).split()[-1]
        page = await http.post(f"{url}sign-in", data={"token": token})
        assert await program.end(signal.SIGINT) == 0

    assert page.status_code == 200
    assert "Sign out" in page.text
    assert not any(token in line for line in program.out)


async def test_a_second_demo_has_the_same_addresses(home: Home) -> None:
    paths = []
    for _ in range(2):
        environ = {"HOME": str(home.path), "CONFCAL_PORT": "0"}
        async with started("demo", environ=environ) as program:
            feed_url = (await program.line(lambda line: line.startswith("  Feed  "))).split()[-1]
            paths.append(httpx.URL(feed_url).path)
            assert await program.end(signal.SIGINT) == 0

    assert paths[0] == paths[1]
