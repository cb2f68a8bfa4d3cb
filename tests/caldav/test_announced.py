"""
What DNS announces is told to the operator, never believed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import httpx
import pytest

from service.caldav.announced import domain_of, find_announced
from service.caldav.connection import Connection
from service.caldav.discovery import CollectionSpec
from service.caldav.places import Places
from service.caldav.server import CalDavServer
from service.core.errors import NotCalDav, Retryable
from service.publishing.model import RemoteRules
from tests.caldav.site import Clock

Zone = Mapping[tuple[str, str], tuple[str, ...]]


class NameServer(asyncio.DatagramProtocol):
    """A name server on loopback that knows the records of its zone."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        (question,) = query.question
        kind = dns.rdatatype.to_text(question.rdtype)
        records = self.zone.get((question.name.to_text(omit_final_dot=True), kind))
        if records:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
        elif not any(name == question.name.to_text(omit_final_dot=True) for name, _ in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(reply.to_wire(), addr)


@pytest.fixture
async def resolver_of() -> AsyncIterator["Resolvers"]:
    resolvers = Resolvers()
    yield resolvers
    resolvers.close()


class Resolvers:
    def __init__(self) -> None:
        self._opened: list[asyncio.DatagramTransport] = []

    async def __call__(self, zone: Zone) -> dns.asyncresolver.Resolver:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: NameServer(zone), ("127.0.0.1", 0))
        self._opened.append(transport)
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = transport.get_extra_info("sockname")[1]
        return resolver

    def close(self) -> None:
        for transport in self._opened:
            transport.close()


SRV, TXT = ("_caldavs._tcp.example.com", "SRV"), ("_caldavs._tcp.example.com", "TXT")


@pytest.mark.parametrize(
    ("zone", "address"),
    [
        ({SRV: ("0 1 443 caldav.example.net.",)}, "https://caldav.example.net/"),
        ({SRV: ("0 1 8443 caldav.example.net.",)}, "https://caldav.example.net:8443/"),
        (
            {SRV: ("0 1 443 caldav.example.net.",), TXT: ('"path=/remote.php/dav"',)},
            "https://caldav.example.net/remote.php/dav",
        ),
        ({SRV: ("0 1 443 caldav.example.net.",), TXT: ('"v=1" "other"',)}, "https://caldav.example.net/"),
        (
            {
                SRV: (
                    "20 9 443 spare.example.net.",
                    "10 1 443 small.example.net.",
                    "10 5 443 big.example.net.",
                )
            },
            "https://big.example.net/",
        ),
        ({SRV: ("0 0 0 .",)}, ""),
        ({TXT: ('"path=/dav"',)}, ""),
        ({}, ""),
    ],
)
async def test_the_address_is_that_of_the_records(resolver_of: Resolvers, zone: Zone, address: str) -> None:
    assert await find_announced("example.com", await resolver_of(zone)) == address


async def test_where_there_is_no_name_server_nothing_is_announced() -> None:
    resolver = dns.asyncresolver.Resolver(configure=False)

    assert await find_announced("example.com", resolver) == ""


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://example.com", "example.com"),
        ("https://example.com:443/", "example.com"),
        ("https://example.com/dav/", ""),
        ("https://example.com:8443/", ""),
        ("http://example.com/", ""),
        ("https://192.0.2.1/", ""),
        ("https://[2001:db8::1]/", ""),
        ("https://localhost/", ""),
    ],
)
def test_only_for_a_bare_domain_is_dns_asked(url: str, domain: str) -> None:
    assert domain_of(url) == domain


async def _told(address: str, answer: httpx.Response | httpx.TransportError, url: str) -> Exception:
    async def told(_domain: str) -> str:
        return address

    def web(_request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    clock = Clock()
    http = httpx.AsyncClient(transport=httpx.MockTransport(web))
    connection = Connection(http, places=Places(url), auth=None, timeout=timedelta(seconds=5), clock=clock)
    with pytest.raises((NotCalDav, Retryable)) as error:
        await CalDavServer(connection, CollectionSpec(url, "team"), RemoteRules(), 4, told).find()
    return error.value


async def test_a_domain_without_calendars_is_told_with_what_its_dns_announces() -> None:
    error = await _told("https://cal.example.net/dav", httpx.Response(404), "https://example.com/")

    assert isinstance(error, NotCalDav)
    assert "its DNS announces https://cal.example.net/dav: write that in URL" in str(error)


async def test_a_domain_without_a_web_server_is_told_so_too_and_tried_again() -> None:
    error = await _told("https://cal.example.net/", httpx.ConnectError("refused"), "https://example.com/")

    assert isinstance(error, Retryable)
    assert str(error).startswith(
        "example.com:443 cannot be reached; its DNS announces https://cal.example.net/"
    )


async def test_dns_is_left_alone_where_the_settings_say_more_than_a_domain() -> None:
    error = await _told("https://cal.example.net/", httpx.ConnectError("no"), "https://example.com:8443/")

    assert str(error) == "example.com:8443 cannot be reached"
