"""
CalDAV servers that attack all at once: nobody else notices, memory stays bounded, they are written to again.
"""

import asyncio
import gzip
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.caldav import loopback
from tests.caldav.loopback import PASSWORD, USERNAME, Loopback
from tests.e2e.program import Home
from tests.e2e.siege import MEBIBYTE, Siege, besieged
from tests.e2e.turncoat import Attack, Turncoat, answers

pytestmark = pytest.mark.thorough

Attacks = dict[str, Callable[[], Attack]]

OPENING = b'<d:multistatus xmlns:d="DAV:">'
FOUND = b"HTTP/1.1 207 Multi-Status\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
CHUNKED = FOUND.removesuffix(b"\r\n") + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = FOUND.removesuffix(b"\r\n") + b"Content-Encoding: gzip, gzip\r\n\r\n"
SIXTY = 60 * MEBIBYTE

ATTRIBUTES = b"<a " + b" ".join(b'a%d=""' % number for number in range(60)) + b"/>"
TEXTS = b"<a/>" + b"x" * 120 + "\N{GRINNING FACE}".encode()
NAMESPACES = b"<a " + b" ".join(b'xmlns:p%d="u"' % number for number in range(2_000)) + b"/>"
MEMBER = b"<d:response><d:href>/%06d.ics</d:href><d:status>HTTP/1.1 200 OK</d:status></d:response>"


def filled(part: bytes) -> list[bytes]:
    """Return sixty megabytes of it, as an answer's body."""
    piece = part * (MEBIBYTE // len(part))
    return [OPENING, *[piece] * (SIXTY // len(piece))]


# Each is made by the test that runs it: together they are hundreds of megabytes.
LARGE: Attacks = {
    "attributes": lambda: answers(FOUND, *filled(ATTRIBUTES)),
    "texts": lambda: answers(FOUND, *filled(TEXTS)),
    "elements": lambda: answers(FOUND, *filled(b"<a/>")),
    "values": lambda: answers(FOUND, *filled(b'<a x="' + b"v" * 90 + b'"/>')),
    "members": lambda: answers(FOUND, OPENING, *[MEMBER % n for n in range(100_000)], b"</d:multistatus>"),
}
ODD: Attacks = {
    "namespaces": lambda: answers(FOUND, *filled(NAMESPACES)),
    "bomb": lambda: answers(PACKED, gzip.compress(gzip.compress(b"\0" * 50_000_000))),
    "endless": lambda: answers(FOUND, *[b"<" + b"a" * MEBIBYTE] * 2000),
    "dripping": lambda: answers(FOUND, b" " * (2 * MEBIBYTE), *[b" "] * 10_000, pause_seconds=0.01),
    "headers": lambda: answers(
        b"HTTP/1.1 207 Multi-Status\r\n", *[b"X-More: " + b"x" * 1000 + b"\r\n"] * 100_000
    ),
    "extensions": lambda: answers(CHUNKED, *[b"1;" + b"x" * 10_000 + b"\r\n \r\n"] * 10_000),
    "circle": lambda: answers(b"HTTP/1.1 301 Moved\r\nLocation: /dav/\r\nContent-Length: 0\r\n\r\n"),
    "storm": lambda: answers(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"),
    "silent": lambda: answers(b""),
}
RETRIED_SOON = {"storm", "silent", "headers", "extensions"}
"""What needs a person is tried again after minutes: too long for every run."""


SEVERAL_AT_ONCE = 360 * MEBIBYTE
"""Five servers at once may take somewhat more than the one that is promised to be borne."""


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Loopback]:
    with loopback.radicale(tmp_path) as server:
        yield server


@pytest.mark.parametrize("attacks", [LARGE, ODD], ids=["large", "odd"])
async def test_servers_that_send_all_they_may_harm_nobody_else(
    home: Home, radicale: Loopback, attacks: Attacks
) -> None:
    async with AsyncExitStack() as opened:
        bad: dict[str, Turncoat] = {}
        settings = account("good", radicale.port)
        for name, attack in attacks.items():
            bad[name] = await opened.enter_async_context(Turncoat(attack(), radicale.port).listening())
            settings |= account(name, bad[name].port)
        siege = await opened.enter_async_context(besieged(home, **settings))
        async with siege.watched(least_seconds=8):
            pass
        siege.assert_unharmed(most_memory=SEVERAL_AT_ONCE)
        assert all(each.attacked for each in bad.values())

        for each in bad.values():
            await each.repent()
        for name in ["good", *(name for name in attacks if name in RETRIED_SOON)]:
            await written(siege, name)
        siege.assert_unharmed(most_memory=SEVERAL_AT_ONCE)


def account(name: str, port: int) -> dict[str, str]:
    values = {
        "URL": f"http://127.0.0.1:{port}/",
        "USERNAME": USERNAME,
        "PASSWORD": PASSWORD,
        "COLLECTION": name,
        "CALENDAR": "small@video.example.com",
    }
    return {f"TARGETS__{name.upper()}__{setting}": value for setting, value in values.items()}


async def written(siege: Siege, target: str) -> None:
    """Wait until something was written to a target."""
    async with asyncio.timeout(120):
        await siege.daemon.program.line(partial(is_pass_over, target), err=True)


def is_pass_over(target: str, line: str) -> bool:
    return '"publish.pass_finished"' in line and f'"target": "{target}"' in line
