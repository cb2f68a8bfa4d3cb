"""
Signing in and out: for the administrator easy, for everybody else hard.
"""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from service.core.exposure import Exposure
from service.web.admin.sessions import LASTING
from tests.core.given import conference, listed
from tests.web.administered import TOKEN, Administered, administered
from tests.web.browsing import dashboard, form_token, sign_in


@pytest.fixture
async def site() -> AsyncIterator[Administered]:
    async with administered() as site:
        await site.accept(listed(conference()))
        yield site


async def test_a_stranger_is_sent_to_the_form(site: Administered) -> None:
    answer = await site.client.get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "lobby" not in answer.text


@pytest.mark.parametrize("place", ["rooms", "calendars", "conferences", "targets", "journal", "settings"])
async def test_whoever_asked_for_a_page_gets_it_after_signing_in(site: Administered, place: str) -> None:
    asked = await site.client.get(f"/{place}")
    form = await site.client.get(asked.headers["location"])
    answer = await site.client.post(f"/sign-in?to={place}", data={"token": TOKEN})
    arrived = await site.client.get(answer.headers["location"])

    assert (asked.status_code, asked.headers["location"]) == (303, f"/sign-in?to={place}")
    assert f'action="/sign-in?to={place}"' in form.text
    assert (arrived.status_code, arrived.headers["location"]) == (303, f"/{place}")


@pytest.mark.parametrize("place", ["/evil.example", "https://evil.example/", "\\evil.example", "sign-out"])
async def test_a_sign_in_leads_to_no_other_page_than_ours(site: Administered, place: str) -> None:
    form = await site.client.get("/sign-in", params={"to": place})
    answer = await site.client.post("/sign-in", params={"to": place}, data={"token": TOKEN})
    arrived = await site.client.get("/", params={"signed-in": place})

    assert 'action="/sign-in"' in form.text
    assert answer.headers["location"] == "/?signed-in="
    assert arrived.headers["location"] == "/"


async def test_the_token_opens_the_dashboard_with_a_cookie_for_this_site_alone(site: Administered) -> None:
    answer = await sign_in(site)

    assert (answer.status_code, answer.headers["location"]) == (303, "/?signed-in=")
    arrived = await site.client.get(answer.headers["location"])
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-confcal=")
    for word in (
        "HttpOnly",
        "Secure",
        "SameSite=lax",
        "Path=/",
        f"Max-Age={int(LASTING.total_seconds())}",
    ):
        assert word in cookie
    assert TOKEN not in cookie
    assert (await site.client.get("/sign-in")).status_code == 303


async def test_over_plain_http_the_cookie_works_and_the_page_warns() -> None:
    async with administered(url="http://calendars.lan") as site:
        form = await site.client.get("/sign-in")
        answer = await sign_in(site)

    assert "This connection is not encrypted" in form.text
    assert answer.headers["set-cookie"].startswith("confcal=")
    assert "Secure" not in answer.headers["set-cookie"]


async def test_below_a_path_everything_stays_below_it() -> None:
    async with administered(url="https://example.com/cal") as site:
        # The proxy takes the path away.
        answer = await site.client.post("https://example.com/sign-in", data={"token": TOKEN})

    assert answer.headers["location"] == "/cal/?signed-in="
    assert "Path=/cal;" in answer.headers["set-cookie"]
    assert answer.headers["set-cookie"].startswith("confcal=")


@pytest.mark.parametrize("token", ["", "wrong", TOKEN.upper(), TOKEN + "x"])
async def test_a_wrong_token_opens_nothing(site: Administered, token: str) -> None:
    answer = await sign_in(site, token)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "This is not the admin token" in answer.text
    assert token == "" or token not in answer.text


async def test_guessing_is_slowed_down(site: Administered) -> None:
    for _ in range(10):
        await sign_in(site, "wrong")
    answer = await sign_in(site, "wrong")
    site.later(timedelta(seconds=int(answer.headers["retry-after"])))
    later = await sign_in(site, "wrong")

    assert answer.status_code == 429
    assert "set-cookie" not in answer.headers
    assert later.status_code == 403


async def test_whoever_guesses_does_not_lock_the_administrator_out(site: Administered) -> None:
    for _ in range(12):
        await sign_in(site, "wrong")

    assert (await sign_in(site)).status_code == 303


async def test_what_another_site_sends_is_not_counted(site: Administered) -> None:
    for _ in range(12):
        await site.client.post("/sign-in", data={"token": "x"}, headers={"Sec-Fetch-Site": "cross-site"})

    assert (await sign_in(site, "wrong")).status_code == 403


async def test_a_browser_that_does_not_keep_the_cookie_is_told_where_it_would(site: Administered) -> None:
    answer = await sign_in(site)
    site.client.cookies.clear()
    arrived = await site.client.get(answer.headers["location"])
    form = await site.client.get(arrived.headers["location"])

    assert "the browser did not keep the cookie" in form.text
    assert 'href="https://calendars.example.com/sign-in"' in form.text
    assert "did not keep the cookie" not in (await site.client.get("/sign-in")).text


async def test_the_form_warns_where_others_could_overhear_what_looks_like_this_machine() -> None:
    quiet = await _form_of(None)
    exposed = await _form_of(Exposure("0.0.0.0", "http://127.0.0.1:8080"))

    assert "This connection is not encrypted" in exposed
    assert "This connection is not encrypted" not in quiet


async def _form_of(exposure: Exposure | None) -> str:
    async with administered(url="http://127.0.0.1:8080", exposure=exposure) as site:
        return (await site.client.get("/sign-in")).text


async def test_signing_in_often_is_no_guessing(site: Administered) -> None:
    statuses = {(await sign_in(site)).status_code for _ in range(30)}

    assert statuses == {303}


async def test_a_sign_in_that_another_site_sends_is_refused(site: Administered) -> None:
    answer = await site.client.post(
        "/sign-in", data={"token": TOKEN}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_form_that_is_none_or_too_large_opens_nothing(site: Administered) -> None:
    as_json = await site.client.post("/sign-in", json={"token": TOKEN})
    large = await site.client.post("/sign-in", data={"token": TOKEN, "x": "x" * 20_000})

    assert (as_json.status_code, large.status_code) == (403, 413)


async def test_signing_out_ends_the_session_for_its_copies_too(site: Administered) -> None:
    token = await form_token(site)
    copy = dict(site.client.cookies)
    answer = await site.client.post("/sign-out", data={"form_token": token})

    assert answer.headers["location"] == "/sign-in"
    assert "Max-Age=0" in answer.headers["set-cookie"]
    site.client.cookies.update(copy)
    assert (await site.client.get("/")).status_code == 303


async def test_signing_out_is_kept_in_the_store(site: Administered) -> None:
    token = await form_token(site)
    nonce = site.client.cookies["__Host-confcal"].split(".")[1]
    await site.client.post("/sign-out", data={"form_token": token})

    assert await site.store.closed_sessions.is_closed(nonce)


async def test_a_session_ends_by_itself(site: Administered) -> None:
    await dashboard(site)
    site.later(LASTING)

    assert (await site.client.get("/")).status_code == 303


@pytest.mark.parametrize(
    ("url", "secure"), [("https://calendars.example.com", True), ("http://127.0.0.1", False)]
)
async def test_the_choice_of_a_language_goes_over_tls_where_there_is_tls(url: str, *, secure: bool) -> None:
    async with administered(url=url) as site:
        answer = await site.client.get("/sign-in?lang=ru")

    assert answer.headers["set-cookie"].startswith("confcal_lang=ru")
    assert ("Secure" in answer.headers["set-cookie"]) is secure
