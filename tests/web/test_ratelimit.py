"""
Guesses slow down; everybody else does not notice.
"""

from datetime import timedelta

from service.calendars.tokens import token_of
from service.core.ports import FeedRecord
from service.web.ratelimit import FailureLimit
from tests.core.given import NOW, conference, listed
from tests.web.administered import administered
from tests.web.given import SECRET

MINUTE = timedelta(minutes=1)
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


def test_a_network_may_fail_so_often_and_then_waits() -> None:
    limit = FailureLimit(3, MINUTE)

    assert [limit.fail(HERE, NOW) for _ in range(4)] == [0, 0, 0, 20]
    assert limit.wait_seconds(HERE, NOW) == 20
    assert limit.wait_seconds(THERE, NOW) == 0


def test_waiting_gives_tries_back_one_by_one() -> None:
    limit = FailureLimit(3, MINUTE)
    for _ in range(3):
        limit.fail(HERE, NOW)

    assert limit.wait_seconds(HERE, NOW + timedelta(seconds=19)) == 1
    assert [limit.fail(HERE, NOW + timedelta(seconds=20)) for _ in range(2)] == [0, 20]
    assert [limit.fail(HERE, NOW + 10 * MINUTE) for _ in range(4)] == [0, 0, 0, 20]


def test_failing_while_waiting_does_not_make_the_wait_longer() -> None:
    limit = FailureLimit(1, MINUTE)

    assert [limit.fail(HERE, NOW) for _ in range(100)][-1] == 60


def test_of_too_many_networks_the_oldest_failures_are_forgotten() -> None:
    limit = FailureLimit(2, MINUTE, most_networks=2)
    for network in ("a", "b", "b", "a", "c", "c"):
        limit.fail(network, NOW)

    assert [limit.wait_seconds(network, NOW) for network in ("a", "b", "c")] == [30, 0, 30]


async def test_guessed_feeds_are_answered_with_429_and_good_ones_as_ever() -> None:
    async with administered() as site:
        await site.accept(listed(conference()))
        wrong = [await site.client.get(f"/feeds/{'A' * 32}/all.ics") for _ in range(31)]
        good = await site.client.get(f"/feeds/{token_of(SECRET, 'all', 0)}/all.ics")

    assert [answer.status_code for answer in wrong] == [404] * 30 + [429]
    assert int(wrong[-1].headers["retry-after"]) > 0
    assert good.status_code == 200


async def test_guessed_pages_count_with_feeds() -> None:
    async with administered() as site:
        await site.accept(listed(conference()))
        for _ in range(30):
            await site.client.get(f"/feeds/{'A' * 32}/all.ics")
        page = await site.client.get(f"/calendars/{'A' * 32}")
        good = await site.client.get(f"/calendars/{token_of(SECRET, 'all', 0)}")

    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 0
    assert good.status_code == 200


async def test_a_rotated_address_is_no_guess() -> None:
    async with administered() as site:
        await site.store.record_feed("all", FeedRecord(generation=1))
        await site.feeds.directory.refresh()
        await site.accept(listed(conference()))
        old = f"/feeds/{token_of(SECRET, 'all', 0)}/all.ics"
        statuses = {(await site.client.get(old)).status_code for _ in range(100)}

    assert statuses == {410}


async def test_networks_behind_a_trusted_proxy_are_told_apart() -> None:
    async with administered(TRUSTED_PROXIES="127.0.0.1/32") as site:
        await site.accept(listed(conference()))

        async def guess(client: str) -> int:
            headers = {"X-Forwarded-For": client}
            return (await site.client.get(f"/feeds/{'A' * 32}/all.ics", headers=headers)).status_code

        first = [await guess("192.0.2.1") for _ in range(31)]
        same, other = await guess("192.0.2.99"), await guess("198.51.100.1")

    assert (first[-1], same, other) == (429, 429, 404)
