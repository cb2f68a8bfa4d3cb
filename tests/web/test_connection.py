"""
What a client may send, and how long it may take.
"""

import asyncio
from collections.abc import Callable

import pytest

from service.web.limits import Limits
from tests.reaching import reach
from tests.web.wire import App, Client, held, request, serving

KIB = 2**10


def status_of(head: bytes) -> int:
    return int(head.split(b" ")[1])


@pytest.mark.parametrize(
    ("write", "status"),
    [
        (lambda: request("/" + "a" * (16 * KIB - 100)), 200),
        (lambda: request("/" + "a" * 17 * KIB), 414),
        (lambda: request("/" + "a" * 4_000_000), 414),
        (lambda: b"GET /" + b"a" * 17 * KIB, 414),
        (lambda: request("/", "X-Long: " + "a" * (63 * KIB)), 200),
        (lambda: request("/", "X-Long: " + "a" * (65 * KIB)), 431),
        (lambda: request("/", "X-Long: " + "a" * 40_000_000), 431),
        (lambda: b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 200 * KIB, 431),
        (lambda: request("/", *("X: y" for _ in range(20 * KIB))), 431),
        (lambda: request("/", "Content-Length: nonsense"), 400),
        (lambda: b"\x16\x03\x01 this is TLS\r\n\r\n", 400),
        (lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
async def test_each_request_has_its_answer_however_large_it_is(
    write: Callable[[], bytes], status: int
) -> None:
    async with serving() as served:
        client = await served.client()
        sending = asyncio.create_task(client.send(write()))

        assert status_of(await client.head()) == status

        await sending
        assert status_of(await served.get()) == 200


async def test_a_header_that_trickles_in_is_bounded_too() -> None:
    connection = held()
    connection.receive(b"GET / HTTP/1.1\r\nX-Long: ")
    for _ in range(100):
        connection.receive(b"a" * KIB)

    assert connection.status == 431
    assert connection.transport.ended == "told the end"


async def test_trailers_are_bounded_too() -> None:
    connection = held()
    connection.receive(
        request("/body", "Transfer-Encoding: chunked", method="POST") + b"1\r\na\r\n0\r\nX-Long: "
    )
    for _ in range(100):
        connection.receive(b"a" * KIB)

    assert connection.status == 431


async def test_trailers_do_not_become_headers_of_the_request() -> None:
    connection = held()
    connection.receive(request("/body", "Transfer-Encoding: chunked", method="POST"))
    connection.receive(b"1\r\na\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")

    assert connection.connection.scope["headers"] == [(b"host", b"test"), (b"transfer-encoding", b"chunked")]


@pytest.mark.parametrize("chunk", [1, 3, 100, 10_000])
async def test_a_body_in_small_chunks_is_no_header(chunk: int) -> None:
    body = b"a" * 200_000
    async with serving() as served:
        client = await served.client()
        await client.send(request("/body", "Transfer-Encoding: chunked", method="POST"))
        for start in range(0, len(body), chunk * 100):
            pieces = [
                body[at : at + chunk] for at in range(start, min(start + chunk * 100, len(body)), chunk)
            ]
            await client.send(b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in pieces))

        assert status_of(await client.ask(b"0\r\n\r\n")) == 200

    assert served.app.bodies == [body]


async def test_a_client_is_told_after_40_megabytes_that_nobody_wanted() -> None:
    async with serving() as served:
        client = await served.client()
        sending = asyncio.create_task(client.send(request("/", "X-Long: " + "a" * 40_000_000)))

        assert status_of(await client.head()) == 431
        await sending
        assert served.app.seen == []


async def test_requests_sent_ahead_are_answered_in_their_order() -> None:
    async with serving() as served:
        client = await served.client()
        await client.send(b"".join(request(f"/{number}") for number in range(50)))

        answers = [await _answer(client) for _ in range(50)]

    assert answers == [b"/%d" % number for number in range(50)]


async def test_of_too_many_requests_sent_ahead_some_are_answered() -> None:
    async with serving() as served:
        client = await served.client()
        await client.send(request() * 20_000)

        answers = (await client.rest()).count(b"HTTP/1.1 200")

    assert 100 <= answers < 20_000
    assert len(served.app.seen) == answers


async def test_what_was_asked_well_is_answered_before_what_follows_is_refused() -> None:
    async with serving() as served:
        client = await served.client()
        await client.send(request("/good") + b"\x00nonsense\r\n\r\n")

        answers = await client.rest()

    assert answers.startswith(b"HTTP/1.1 200")
    assert answers.endswith(b"/good")
    assert b"connection: close" in answers


@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
async def test_no_other_protocol_is_spoken(protocol: str) -> None:
    async with serving() as served:
        client = await served.client()
        answer = await client.ask(request("/", "Connection: Upgrade", f"Upgrade: {protocol}"))

        assert status_of(answer) == 200
        assert b"connection: close" in answer


async def test_who_connects_and_says_nothing_is_sent_away() -> None:
    connection = held()

    assert connection.after(9.9) == ""
    assert connection.after(10.1) == "closed"
    assert connection.status == 0


async def test_a_first_request_has_ten_seconds_from_connecting_however_it_trickles() -> None:
    connection = held()
    for number, octet in enumerate(b"GET / HTTP/1.1\r\n"):
        connection.receive(bytes([octet]))
        assert connection.after(number * 0.5) == ""

    assert connection.after(10.1) == "told the end"
    assert connection.status == 408
    assert b"connection: close" in connection.transport.sent
    assert connection.after(30) == "closed"


async def test_a_body_has_thirty_seconds() -> None:
    app = App()
    connection = held(app)
    connection.receive(request("/body", "Content-Length: 10", method="POST"))
    connection.receive(b"a")
    await asyncio.sleep(0)

    assert connection.after(29.9) == ""
    connection.receive(b"a")
    assert connection.after(30.5) == "told the end"
    assert connection.status == 408
    async with asyncio.timeout(10):
        assert await app.ends.get() == "the client is gone"
    assert app.bodies == []


async def test_a_body_that_goes_on_behind_its_answer_ends_too() -> None:
    connection = held()
    connection.receive(request("/", "Content-Length: 1000000000000"))
    await reach(lambda: connection.transport.sent, pause=0)

    assert connection.after(29.9) == ""
    assert connection.after(31) == "closed"


async def test_a_kept_connection_is_closed_after_75_seconds_without_a_request() -> None:
    connection = held()
    connection.receive(request())
    await reach(lambda: connection.transport.sent, pause=0)

    assert connection.status == 200
    assert connection.after(74.9) == ""
    assert connection.after(76) == "closed"


async def test_a_later_request_has_ten_seconds_of_its_own() -> None:
    connection = held()
    connection.receive(request())
    await reach(lambda: connection.transport.sent, pause=0)
    assert connection.after(70) == ""
    connection.receive(b"GET / HT")

    assert connection.after(79.9) == ""
    assert connection.after(80.1) == "told the end"
    assert b" 408 " in connection.transport.sent


async def test_an_answer_that_takes_long_is_nobodys_fault() -> None:
    connection = held(App())
    connection.receive(request("/endless"))
    await reach(lambda: connection.transport.sent, pause=0)

    assert connection.after(3600) == ""


async def test_who_takes_nothing_of_its_answer_is_cut_off() -> None:
    connection = held()
    connection.receive(request())
    await reach(lambda: connection.transport.sent, pause=0)
    connection.transport.unsent = 1000

    assert connection.after(1) == ""
    connection.transport.unsent = 900
    assert connection.after(70) == ""
    assert connection.after(74) == ""
    # It would be closed as idle, but for the bytes that it may still take.
    assert connection.after(144) == ""
    assert connection.after(146) == "aborted"


async def test_who_leaves_is_missed_though_more_was_asked_ahead() -> None:
    async with serving() as served:
        client = await served.client()
        await client.ask(request("/endless") + request("/next"))
        client.writer.transport.abort()

        async with asyncio.timeout(10):
            assert await served.app.ends.get() == "the client is gone"


async def test_head_and_old_clients_are_answered_as_they_ask() -> None:
    async with serving() as served:
        for path in ("/prepared", "/plain"):
            head = await (await served.client()).ask(request(path, method="HEAD"))
            assert b"content-length: %d\r\n" % len(path) in head
            client = await served.client()
            answer = await client.ask(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert b"connection: close\r\n" in answer
            assert await client.rest() == path.encode()


async def test_the_limits_can_be_seen_to_be_those_of_the_issue() -> None:
    limits = Limits()

    assert (limits.line_octets, limits.head_octets) == (16 * KIB, 64 * KIB)
    assert (limits.head_seconds, limits.body_seconds, limits.idle_seconds) == (10, 30, 75)


async def _answer(client: Client) -> bytes:
    head = await client.head()
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return await client.reader.readexactly(length)
