"""
Wrong tokens at the real routes: what they cost, whom, and what the log says of it.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from service.web.gate import Gate
from service.web.guesses import GuessRules
from service.web.network import Networks
from tests.core.given import conference, listed
from tests.tools import how_often
from tests.web.administered import HALL_TOKEN, TOKEN, Administered, administered
from tests.web.browsing import dashboard, sign_in
from tests.web.given import Clock

HERE, ELSEWHERE, LIKEWISE = "192.0.2.1", "198.51.100.1", "192.0.2.200"


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered(TRUSTED_PROXIES="127.0.0.1/32") as site:
        await site.accept(listed(conference()))
        yield site


async def signing_in(site: Administered, token: str, *, client: str) -> httpx.Response:
    headers = {"X-Forwarded-For": client}
    return await site.client.post("/sign-in", data={"token": token}, headers=headers)


async def asking(site: Administered, token: str, *, client: str) -> httpx.Response:
    return await site.api("GET", "/status", token=token, headers={"X-Forwarded-For": client})


async def posting(site: Administered, token: str, *, client: str, source: str = "hall") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": client}
    event = {"event": "conferenceList", "conferences": []}
    return await site.client.post(f"/api/events/{source}", json=event, headers=headers)


async def test_a_network_that_goes_on_guessing_is_heard_no_more(site: Administered) -> None:
    guesses = [await signing_in(site, f"wrong {number}", client=HERE) for number in range(40)]
    right = await signing_in(site, TOKEN, client=HERE)

    assert [each.status_code for each in guesses] == [403] * 10 + [429] * 30
    assert (right.status_code, right.headers["retry-after"]) == (429, "900")
    assert "for 15 minutes none is taken from there" in right.text
    assert "set-cookie" not in right.headers
    assert (await signing_in(site, TOKEN, client=LIKEWISE)).status_code == 429


async def test_a_stop_ends(site: Administered) -> None:
    guesses = [await signing_in(site, "wrong", client=HERE) for _ in range(30)]
    site.later(timedelta(seconds=int(guesses[-1].headers["retry-after"])))

    assert (await signing_in(site, TOKEN, client=HERE)).status_code == 303


@pytest.mark.slow
async def test_an_administrator_on_another_network_gets_in_whoever_guesses(site: Administered) -> None:
    for network in range(how_often(20, 100, 100)):
        for _ in range(31):
            await signing_in(site, "wrong", client=f"203.0.{network}.7")

    assert (await signing_in(site, TOKEN, client=ELSEWHERE)).status_code == 303
    assert (await asking(site, TOKEN, client=ELSEWHERE)).status_code == 200


async def test_a_session_is_good_though_its_network_is_stopped(site: Administered) -> None:
    await signing_in(site, TOKEN, client=HERE)
    cookies = dict(site.client.cookies)
    site.client.cookies.clear()
    for _ in range(31):
        await signing_in(site, "wrong", client=HERE)
    site.client.cookies.update(cookies)

    page = await site.client.get("/", headers={"X-Forwarded-For": HERE})
    again = await signing_in(site, TOKEN, client=HERE)

    assert (page.status_code, again.status_code) == (200, 303)


async def test_answers_to_wrong_tokens_come_later_and_later(site: Administered) -> None:
    for _ in range(10):
        await signing_in(site, "wrong", client=HERE)

    assert site.pauses.seconds == [0.1, 0.2, 0.4, 0.8, 1, 1, 1]


async def test_the_waits_that_are_asked_for_grow(site: Administered) -> None:
    waits = []
    for _ in range(10):
        await signing_in(site, "wrong", client=HERE)
    for _ in range(4):
        waits.append(int((await signing_in(site, "wrong", client=HERE)).headers["retry-after"]))
        site.later(timedelta(seconds=waits[-1]))
        assert (await signing_in(site, "wrong", client=HERE)).status_code == 403

    assert waits == [60, 120, 240, 480]


async def test_the_form_and_the_api_count_together_for_they_have_one_token(site: Administered) -> None:
    for _ in range(15):
        await signing_in(site, "wrong", client=HERE)
        await asking(site, "wrong", client=HERE)

    assert (await asking(site, TOKEN, client=HERE)).status_code == 429
    assert (await signing_in(site, TOKEN, client=HERE)).status_code == 429
    assert (await asking(site, TOKEN, client=ELSEWHERE)).status_code == 200


async def test_asking_the_api_without_a_token_is_no_guess(site: Administered) -> None:
    statuses = {(await asking(site, "", client=HERE)).status_code for _ in range(50)}

    assert statuses == {401}
    assert (await asking(site, TOKEN, client=HERE)).status_code == 200


async def test_wrong_tokens_of_a_source_stop_their_network_for_this_source_alone() -> None:
    async with administered(
        TRUSTED_PROXIES="127.0.0.1/32",
        SOURCES__FOYER__INGEST_TOKEN="the token of the foyer",
        SOURCES__FOYER__SERVER="video.example.com",
    ) as site:
        for _ in range(100):
            await posting(site, "wrong", client=HERE)
        stopped = await posting(site, HALL_TOKEN, client=HERE)
        elsewhere = await posting(site, HALL_TOKEN, client=ELSEWHERE)
        foyer = await posting(site, "the token of the foyer", client=HERE, source="foyer")

    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "900")
    assert (elsewhere.status_code, foyer.status_code) == (202, 202)


async def test_guessing_names_of_sources_stops_no_source(site: Administered) -> None:
    for number in range(150):
        await posting(site, "wrong", client=HERE, source=f"source{number}")

    assert (await posting(site, HALL_TOKEN, client=HERE)).status_code == 202


async def test_what_the_administrator_does_is_logged_with_the_network_and_without_a_token(
    site: Administered,
) -> None:
    with capture_logs() as lines:
        for _ in range(30):
            await signing_in(site, "a wrong one", client=HERE)
        page = await dashboard(site)
        token = page.partition('name="form_token" value="')[2].partition('"')[0]
        rotation = {"form_token": token, "calendar": "all", "sure": "yes"}
        await site.client.post("/rotate", data=rotation)
        await site.api("POST", "/calendars/all/rotate")
        await site.client.post("/sign-out", data={"form_token": token})

    ours = [line for line in lines if line["event"].startswith("web.")]
    assert [line["event"] for line in ours] == [
        *["web.token_refused"] * 30,
        "web.network_stopped",
        "web.signed_in",
        "web.link_replaced",
        "web.link_replaced",
        "web.signed_out",
    ]
    networks = [line["network"] for line in ours]
    assert networks == ["192.0.2.0/24"] * 31 + ["127.0.0.0/24"] * 4
    for secret in (TOKEN, "a wrong one", token, HERE, site.feeds.addresses.tokens["all"]):
        assert secret not in repr(lines)


async def test_where_a_proxy_hides_who_guesses_the_log_says_which_setting_tells_them_apart() -> None:
    async with administered() as site:
        with capture_logs() as lines:
            for _ in range(30):
                await signing_in(site, "wrong", client=HERE)

    (stop,) = [line for line in lines if line["event"] == "web.network_stopped"]
    assert stop["hint"] == "set CONFCAL_TRUSTED_PROXIES"


async def test_many_answers_held_back_at_once_are_held_back_no_more() -> None:
    held = 0

    async def pause(_seconds: float) -> None:
        nonlocal held
        held += 1
        # Whoever is held back has others come meanwhile.
        await gate.fail(scope_of(held), way="sign-in")

    def scope_of(number: int) -> dict[str, object]:
        return {"client": (f"10.0.{number}.1", 5000), "headers": []}

    gate = Gate(Networks(), GuessRules(free=2, until_stop=4), clock=Clock(), pause=pause)
    await gate.fail(scope_of(0), way="sign-in")

    assert held == 100


async def test_a_right_token_is_not_counted(site: Administered) -> None:
    for _ in range(40):
        await sign_in(site)
        await site.api("GET", "/status")

    assert (await sign_in(site, "wrong")).status_code == 403
