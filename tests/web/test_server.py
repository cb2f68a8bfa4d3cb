import pytest

from tests.core.given import conference, listed
from tests.web.administered import administered
from tests.web.given import Web


async def test_crawlers_may_fetch_feeds(web: Web) -> None:
    response = await web.client.get("/robots.txt")

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    assert "Disallow: /" not in response.text
    assert "/calendars" not in response.text
    assert "/feeds" not in response.text


async def test_the_process_is_alive_before_any_list(empty_web: Web) -> None:
    response = await empty_web.client.get("/healthz")

    assert (response.status_code, response.text) == (200, "ok\n")


async def test_it_is_ready_once_there_is_something_to_serve(empty_web: Web) -> None:
    before = await empty_web.client.get("/readyz")
    await empty_web.accept(listed(conference()))
    after = await empty_web.client.get("/readyz")

    assert before.status_code == 503
    assert int(before.headers["retry-after"]) > 0
    assert after.status_code == 200


async def test_a_list_of_nothing_is_something_to_serve(empty_web: Web) -> None:
    await empty_web.accept(listed())

    assert (await empty_web.client.get("/readyz")).status_code == 200


async def test_other_addresses_lead_nowhere(web: Web) -> None:
    for path in ("/", "/feeds", "/calendars/", "/static/", "/static/../server.py", "/admin"):
        assert (await web.client.get(path)).status_code == 404, path


@pytest.mark.parametrize("path", ["/calendars/{token}/", "/sign-in/", "/metrics/", "/static", "/healthz/"])
async def test_a_slash_too_many_sends_nobody_anywhere(path: str) -> None:
    async with administered(url="https://example.com/confcal") as site:
        token = site.feeds.addresses.tokens["all"]
        answer = await site.client.get(
            f"http://127.0.0.1{path.format(token=token)}", headers={"Host": "evil.example"}
        )

    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert token not in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
