"""
Server-sent events: open dashboards are told to look again.
"""

import asyncio
from collections.abc import AsyncGenerator

from service.web.live import MOST_STREAMS, Live
from tests.core.given import conference, listed
from tests.web.administered import TOKEN, administered

CHANGED = b"event: changed\ndata: look again\n\n"


async def started(live: Live) -> AsyncGenerator[bytes, None]:
    stream = live.stream()
    assert (await anext(stream)).startswith(b"retry: ")
    return stream


async def test_each_change_is_told_to_everybody() -> None:
    live = Live(between_seconds=0)
    streams = [await started(live), await started(live)]
    live.notify()

    assert [await anext(stream) for stream in streams] == [CHANGED, CHANGED]


async def everything_done() -> None:
    """Let all that does not wait for time or for an event come to its end."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_changes_in_quick_succession_are_one() -> None:
    live = Live(between_seconds=0)
    stream = await started(live)
    for _ in range(100):
        live.notify()
    first = await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await everything_done()

    assert first == CHANGED
    assert not waiting.done()
    live.notify()
    assert await waiting == CHANGED


async def test_the_next_change_is_told_after_a_while_only() -> None:
    live = Live(between_seconds=3600)
    stream = await started(live)
    live.notify()
    assert await anext(stream) == CHANGED

    waiting = asyncio.ensure_future(anext(stream, b"the end"))
    live.notify()
    await everything_done()

    assert not waiting.done()
    live.close()
    assert await waiting == b"the end"


async def test_a_quiet_stream_says_so_from_time_to_time() -> None:
    stream = await started(Live(between_seconds=0, idle_seconds=0))

    assert await anext(stream) == CHANGED


async def test_closing_ends_all_streams_and_those_to_come() -> None:
    live = Live()
    stream = await started(live)
    live.close()

    assert [each async for each in stream] == []
    assert [each async for each in live.stream()] == [b"retry: 5000\n\n"]


async def test_a_stream_that_ends_makes_room() -> None:
    live = Live()
    streams = [await started(live) for _ in range(MOST_STREAMS)]
    assert live.full

    live.close()
    for stream in streams:
        assert [each async for each in stream] == []
    assert not live.full


async def test_strangers_are_told_nothing() -> None:
    async with administered() as site:
        answer = await site.client.get("/live")

    # 204 has the browser's EventSource give up.
    assert (answer.status_code, answer.content) == (204, b"")


async def test_the_stream_tells_of_an_accepted_list() -> None:
    async with administered() as site:
        await site.client.post("/sign-in", data={"token": TOKEN})
        head = await site.client.head("/live")
        stream = await started(site.live)
        await site.accept(listed(conference()))

        assert head.headers["content-type"].startswith("text/event-stream")
        assert await anext(stream) == CHANGED


async def test_as_many_streams_are_opened_as_were_allowed() -> None:
    live = Live(most_streams=2)
    streams = [await started(live)]
    assert not live.full
    streams.append(await started(live))

    assert live.full
