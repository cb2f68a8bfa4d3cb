"""
What `confcal check` says of proxies between people and the daemon.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec
import pytest

from service.app.check_daemon import open_asker
from service.app.check_public import check_public
from service.app.findings import Finding, Verdict
from service.core.vevent import no_translation
from service.settings.load import load_settings
from service.web.self_report import SelfReport, proof_of

SECRET = "a secret of the tests"
URL = "https://calendars.example.com"
FEED = f"{URL}/feeds/TOKEN-OF-32-CHARACTERS-0123456789/all.ics"
LARGE = b"BEGIN:VCALENDAR\r\n" + b"X" * 4000

Handler = Callable[[httpx.Request], httpx.Response]


def proxied(feed: Handler) -> Handler:
    """Return a proxy in front of a daemon, which does with feeds as `feed` says."""

    def handle(request: httpx.Request) -> httpx.Response:
        match request.url.path:
            case "/daemon" if request.headers.get("authorization") == f"Bearer {proof_of(SECRET.encode())}":
                return httpx.Response(200, content=msgspec.json.encode(SelfReport("0.1.0", "0009", "digest")))
            case "/healthz":
                return httpx.Response(200, content=b"ok\n")
            case _:
                return feed(request)

    return handle


async def checked(handle: Handler, *, url: str = URL, feed: str | None = FEED) -> Finding:
    settings = load_settings({"CONFCAL_PUBLIC_URL": url, "CONFCAL_SECRET": SECRET})
    async with open_asker(5, httpx.MockTransport(handle)) as asker:
        return await check_public(settings, feed, asker, no_translation)


async def test_a_good_proxy_has_nothing_to_correct() -> None:
    found = await checked(proxied(lambda _: httpx.Response(200, content=LARGE)))

    assert (found.verdict, found.lines[0]) == (Verdict.GOOD, f"{URL} reaches the daemon")


async def test_a_proxy_that_compresses_feeds_is_a_warning() -> None:
    found = await checked(
        proxied(
            lambda _: httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(LARGE))
        )
    )

    assert found.verdict is Verdict.WARNING
    assert "the proxy compresses feeds" in found.lines[1]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Original-URI", "/feeds/TOKEN-OF-32-CHARACTERS-0123456789/all.ics"),
        ("Link", "<https://calendars.example.com/feeds/TOKEN%2DOF-32-CHARACTERS-0123456789/all.ics>"),
    ],
)
async def test_a_proxy_that_repeats_the_token_in_a_header_is_told_without_the_token(
    header: str, value: str
) -> None:
    found = await checked(proxied(lambda _: httpx.Response(200, headers={header: value}, content=b"")))

    assert found.verdict is Verdict.WARNING
    assert f"repeats the secret address in {header.lower()}" in found.lines[1]
    assert "TOKEN" not in "".join(found.lines)


async def test_a_feed_that_the_proxy_refuses_is_told_with_its_status() -> None:
    found = await checked(proxied(lambda _: httpx.Response(403)))

    assert "a feed answers with status 403" in found.lines[1]


async def test_an_address_of_a_private_network_is_a_notice() -> None:
    found = await checked(proxied(lambda _: httpx.Response(200)), url="https://10.0.0.9")

    assert found.verdict is Verdict.NOTICE
    assert "private network" in found.lines[1]


async def test_a_public_address_that_does_not_answer_fails() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    found = await checked(refuse)

    assert found.verdict is Verdict.FAILED
    assert f"{URL} does not answer" in found.lines[0]


async def test_before_the_first_start_the_secret_is_told_as_one_that_comes(tmp_path: Path) -> None:
    settings = load_settings({"CONFCAL_PUBLIC_URL": URL, "CONFCAL_DATA_DIR": str(tmp_path)})
    async with open_asker(5, httpx.MockTransport(lambda _: httpx.Response(404))) as asker:
        found = await check_public(settings, None, asker, no_translation)

    assert found.verdict is Verdict.NOTICE
    assert found.lines[0].endswith("It is made by the first `confcal run`.")
