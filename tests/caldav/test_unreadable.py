"""
Whatever a server writes, publishing goes on: no answer leaves as any other error than one of ours.
"""

from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.caldav.connection import Connection
from service.caldav.conversation import Steps
from service.caldav.discovery import CollectionSpec
from service.caldav.multistatus import parse_multistatus
from service.caldav.places import Places
from service.caldav.protocol import get
from service.caldav.responses import retry_after
from service.caldav.server import CalDavServer
from service.caldav.xml import Malformed
from service.core.errors import CollectionFailed, PublishError
from service.publishing.model import Create, Delete, Publication, RemoteRules, Standing, Update
from tests.caldav.scripted import answer
from tests.caldav.site import resource
from tests.publishing.clock import Clock

URL = "https://dav.example.org/cal/team/"
BASE = "https://dav.example.org/"
OURS = resource(1)
ROW = Publication(OURS.uid, "/cal/team/1.ics", '"1"', standing=Standing.PUBLISHED)
ADDRESSES = (
    "http://[",
    "//[::1",
    "http://a:b/",
    "http://a:99999/",
    "https://\udcff/",
    "http://[v1]/",
    "\x00",
)
DATES = (
    "Mon, 05 Oct 2026 12:00:30 +99999999",
    "Mon, 01 Jan 0001 00:00:00 +2300",
    "Fri, 31 Dec 9999 23:59:59 -2300",
    "Mon, 05 Oct 99999999999999999999 12:00:30 GMT",
    "Mon, 45 Oct 2026 12:00:30 GMT",
    "٣٣",
    "\x00",
)


def server(response: httpx.Response) -> CalDavServer:
    clock = Clock()
    connection = Connection(
        httpx.AsyncClient(transport=httpx.MockTransport(lambda _request: response)),
        places=Places(URL),
        auth=None,
        timeout=timedelta(seconds=5),
        clock=clock,
    )
    return CalDavServer(connection, CollectionSpec(URL, "team"), RemoteRules(), 4)


async def everything(response: httpx.Response) -> None:
    """Do all that publishing does on a server with this one answer; only our own errors are allowed."""
    one = server(response)
    publisher = one.publisher(URL, "")
    for work in (
        one.find(),
        publisher.listing(""),
        publisher.listing("urn:1"),
        publisher.read([ROW]),
        publisher.apply(Create(OURS)),
        publisher.apply(Update(OURS, ROW)),
        publisher.apply(Delete(ROW)),
    ):
        with suppress(PublishError):
            await work


def multistatus(href: str, inner: str = "") -> bytes:
    return (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response>'
        f"<D:href>{href}</D:href><D:propstat><D:prop>{inner}</D:prop><D:status>HTTP/1.1 200 OK</D:status>"
        "</D:propstat></D:response></D:multistatus>"
    ).encode("utf-8", "replace")


@pytest.mark.parametrize("address", ADDRESSES[:4])
@pytest.mark.parametrize("status", [201, 301, 302])
async def test_an_address_that_is_none_in_a_location_ends_nothing(address: str, status: int) -> None:
    await everything(httpx.Response(status, headers={"Location": address, "ETag": '"1"'}))


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_address_that_is_none_in_an_answer_ends_nothing(address: str) -> None:
    inner = f"<D:current-user-principal><D:href>{address}</D:href></D:current-user-principal>"
    await everything(httpx.Response(207, content=multistatus(address)))
    await everything(httpx.Response(207, content=multistatus("/cal/team/", inner)))
    await everything(
        httpx.Response(
            403,
            content=(
                '<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><C:no-uid-conflict>'
                f"<D:href>{address}</D:href></C:no-uid-conflict></D:error>"
            ).encode("utf-8", "replace"),
        )
    )


@pytest.mark.parametrize("date", DATES)
async def test_a_date_that_no_calendar_has_ends_nothing(date: str) -> None:
    raw = date.encode()

    await everything(httpx.Response(503, headers=[(b"Retry-After", raw), (b"Date", raw)]))


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_retry_after_is_an_error(value: str, date: str) -> None:
    seconds = retry_after(answer(get(URL), 503, retry_after=value, date=date))

    assert seconds is None or 0 <= seconds <= 3600


@given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(multistatus)))
def test_a_body_is_a_multistatus_or_malformed(body: bytes) -> None:
    try:
        answers = parse_multistatus(body, BASE).answers
    except Malformed:
        return
    assert all(each.url for each in answers)


async def test_what_is_overlooked_in_a_conversation_concerns_one_collection() -> None:
    def careless() -> Steps[None]:
        yield get(URL)
        raise OverflowError("date value out of range")

    with pytest.raises(
        CollectionFailed, match=r"dav\.example\.org answers with something that cannot be read"
    ):
        await server(httpx.Response(200)).connection.run(careless())
