"""
The administrator's ways in, on the real program: posted events, rotation by command, a page left open.
"""

import asyncio
import json
import signal

import httpx

from service.calendars.tokens import token_of
from tests.e2e.given import once
from tests.e2e.program import DEADLINE_SECONDS, ORDERLY_SECONDS, SECRET, Daemon, Home
from tests.reaching import reach

ADMIN, HALL = "the token of the administrator", "the token of the hall"
SETTINGS = {
    "SOURCES__HALL__INGEST_TOKEN": HALL,
    "SOURCES__HALL__SERVER": "video.example.com",
    "ADMIN_TOKEN": ADMIN,
}


async def post(daemon: Daemon, *conferences: dict[str, object]) -> httpx.Response:
    event = {"event": "conferenceList", "cnt": len(conferences), "conferences": conferences}
    return await daemon.http.post(
        f"{daemon.url}/api/events/hall", json=event, headers={"Authorization": f"Bearer {HALL}"}
    )


def feed_url(daemon: Daemon, generation: int) -> str:
    return f"{daemon.url}/feeds/{token_of(SECRET.encode(), 'all', generation)}/x.ics"


async def test_a_posted_event_is_in_the_feed_of_a_daemon_without_any_endpoint(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        answer = await post(daemon, once("100", "Posted"))
        feed = await daemon.feed(calendar="hall@video.example.com")

    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    assert feed.topics == {"100": "Posted"}


async def test_an_event_that_is_not_understood_is_kept_for_a_look(home: Home) -> None:
    admin = {"Authorization": f"Bearer {ADMIN}"}
    async with home.daemon(**SETTINGS) as daemon:
        headers = {"Authorization": f"Bearer {HALL}", "Content-Type": "application/json"}
        answer = await daemon.http.post(f"{daemon.url}/api/events/hall", content=b"{", headers=headers)
        async with asyncio.timeout(DEADLINE_SECONDS):
            kept: list[dict[str, str]] = []
            while not kept:
                kept = (await daemon.http.get(f"{daemon.url}/api/rejected", headers=admin)).json()
                await asyncio.sleep(0.1)

    assert answer.status_code == 400
    assert [(each["source"], each["account"]) for each in kept] == [("hall", "hall@video.example.com")]


async def test_a_rotation_by_command_is_noticed_by_the_daemon(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        await post(daemon, once())
        assert (await daemon.http.get(feed_url(daemon, 0))).status_code == 200
        port = daemon.url.rpartition(":")[2]
        async with home.started("feeds", "rotate", "all", **{**SETTINGS, "PORT": port}) as command:
            assert await command.ended() == 0

        async def is_rotated() -> bool:
            return (await daemon.http.get(feed_url(daemon, 0))).status_code == 410

        await reach(is_rotated, DEADLINE_SECONDS, pause=0.1)
        new = await daemon.http.get(feed_url(daemon, 1))

    assert feed_url(daemon, 1).replace("x.ics", "all.ics") in command.out[0].split()
    assert new.status_code == 200


async def test_an_unknown_calendar_is_one_sentence(home: Home) -> None:
    async with home.started("migrate") as command:
        assert await command.ended() == 0
    async with home.started("feeds", "rotate", "nobody", PORT="8080") as command:
        assert await command.ended() != 0

    assert command.err == ["confcal: there is no calendar 'nobody'; `confcal feeds` lists them"]


async def test_calendars_of_rules_and_people_are_listed(home: Home) -> None:
    settings = {**SETTINGS, "CALENDARS__BOARD__TOPIC": "board*", "CALENDARS_FOR_PEOPLE": "true"}
    async with home.daemon(**settings) as daemon:
        await post(daemon, once("100", "Board meeting"), once("200", "Lunch"))
        async with home.started("feeds", "--json", **{**settings, "PORT": "8080"}) as command:
            assert await command.ended() == 0

    listed = {each["calendar"]: each["events"] for each in json.loads("\n".join(command.out))}
    assert listed == {"all": 2, "board": 1, "hall@video.example.com": 2, "brown@video.example.com": 2}


async def test_an_open_dashboard_does_not_keep_it_from_ending(home: Home) -> None:
    async with home.daemon(**SETTINGS) as daemon:
        signed_in = await daemon.http.post(f"{daemon.url}/sign-in", data={"token": ADMIN})
        assert signed_in.status_code == 303
        async with daemon.http.stream("GET", f"{daemon.url}/live") as live:
            chunks = live.aiter_bytes()
            assert (await anext(chunks)).startswith(b"retry: ")
            async with asyncio.timeout(ORDERLY_SECONDS):
                assert await daemon.program.end(signal.SIGTERM) == 0


async def test_tokens_are_in_no_line_of_the_log(home: Home) -> None:
    async with home.daemon(LOG_LEVEL="debug", HOST="0.0.0.0", **SETTINGS) as daemon:
        url = f"http://127.0.0.1:{daemon.url.rpartition(':')[2]}"
        await daemon.http.post(f"{url}/sign-in", data={"token": "a wrong guess of the tests"})
        await daemon.http.post(f"{url}/sign-in", data={"token": ADMIN})
        headers = {"Authorization": f"Bearer {HALL}"}
        await daemon.http.post(f"{url}/api/events/hall", json={"conferences": [once()]}, headers=headers)
        token = token_of(SECRET.encode(), "all", 0)
        await daemon.http.get(f"{url}/feeds/{token}/x.ics")
        metrics = (await daemon.http.get(f"{url}/metrics")).text
        assert await daemon.program.end() == 0

    logged = "\n".join([*daemon.program.err, *daemon.program.out, metrics])
    assert "app.exposed" in logged
    for secret in (ADMIN, HALL, token, SECRET, "a wrong guess of the tests"):
        assert secret not in logged
