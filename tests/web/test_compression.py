"""
gzip: what is compressed, for whom, and what never is.
"""

import asyncio
import gzip

import pytest

from service.web.assets import read_assets
from service.web.compression import accepts_gzip
from tests.core.given import conference, listed, once
from tests.web.administered import administered
from tests.web.browsing import sign_in
from tests.web.given import Web
from tests.web.wire import PATIENCE_SECONDS, request, serving

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.mark.parametrize(
    ("accept_encoding", "accepts"),
    [
        ("gzip", True),
        ("GZIP;q=0.1", True),
        ("br, zstd , gzip", True),
        ("*", True),
        ("x-gzip", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;q=as-you-like", False),
        ("not-gzip", False),
        (",;,=", False),
    ],
)
def test_gzip_is_for_clients_that_accept_it(accept_encoding: str, *, accepts: bool) -> None:
    assert accepts_gzip(accept_encoding) is accepts


async def test_the_subscription_page_is_the_same_page_compressed(web: Web) -> None:
    plain = await web.page(accept_encoding="identity")
    packed = await web.page(accept_encoding="gzip, br")

    assert packed.content == plain.content
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert "content-encoding" not in plain.headers
    for page in (plain, packed):
        assert page.headers["vary"] == "Accept-Language, Cookie, Accept-Encoding"
        assert page.headers["cache-control"] == "no-store"


async def test_a_code_is_compressed_and_a_small_file_is_left_alone(empty_web: Web) -> None:
    await empty_web.accept(listed(conference("1", schedule=once("2026-10-08 09:00"))))

    code = await empty_web.page(query="?qr=page", accept_encoding="gzip")
    ref = (await empty_web.page()).text.partition("meeting=")[2].partition("#")[0]
    file = await empty_web.page(query=f"?meeting={ref}&as=ics", accept_encoding="gzip")

    assert code.headers["content-encoding"] == "gzip"
    assert code.text.startswith("<svg")
    assert "content-encoding" not in file.headers
    assert file.text.startswith("BEGIN:VCALENDAR")


async def test_what_an_administrator_sees_is_never_compressed() -> None:
    async with administered() as site:
        site.client.headers["Accept-Encoding"] = "gzip"
        await sign_in(site)

        for path in ("/", "/sign-in", "/rooms", "/calendars", "/journal", "/conferences", "/settings"):
            assert "content-encoding" not in (await site.client.get(path)).headers, path


@pytest.mark.parametrize("name", sorted(read_assets()))
async def test_each_encoding_of_a_file_has_an_etag_of_its_own(web: Web, name: str) -> None:
    plain = await web.client.get(f"/static/{name}", headers=PLAIN)
    packed = await web.client.get(f"/static/{name}", headers=GZIP)

    assert packed.content == plain.content == read_assets()[name].plain
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"] == plain.headers["content-type"]


async def test_a_file_that_is_there_already_is_not_sent_again(web: Web) -> None:
    etag = (await web.client.get("/static/page.css", headers=GZIP)).headers["etag"]

    same = await web.client.get("/static/page.css", headers={**GZIP, "If-None-Match": f"W/{etag}"})
    other = await web.client.get("/static/page.css", headers={**PLAIN, "If-None-Match": etag})

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == etag
    assert same.headers["vary"] == "Accept-Encoding"
    assert "immutable" in same.headers["cache-control"]
    assert (other.status_code, other.content) == (200, read_assets()["page.css"].plain)


async def test_on_the_wire_a_head_has_no_body_and_the_next_answer_follows(web: Web) -> None:
    page, accepted = web.page_path(), "Accept-Encoding: gzip"
    async with serving(web.app) as served:
        client = await served.client()
        for path in (page, "/static/page.css"):
            head = await client.ask(request(path, accepted, method="HEAD"))
            assert b"content-encoding: gzip" in head.lower()
        head = await client.ask(request(page, accepted))
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])

        assert b"</html>" in gzip.decompress(await client.reader.readexactly(length))


async def test_live_updates_go_out_at_once_as_they_are(web: Web) -> None:
    async with serving(web.app) as served, asyncio.timeout(PATIENCE_SECONDS):
        client = await served.client()
        head = await client.ask(request(f"{web.page_path()}/live", "Accept-Encoding: gzip"))
        assert b"content-encoding" not in head.lower()
        await client.reader.readuntil(b"retry: 5000\n\n")

        web.visitors.live.notify()

        await client.reader.readuntil(b"event: changed\n")
