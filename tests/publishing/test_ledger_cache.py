import asyncio
import gc

import pytest

from service.core.errors import StoreUnavailable
from service.publishing.ledger_cache import WriteBehind
from service.publishing.model import Publication


class Ledger:
    """Takes rows once it is let."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.begun = asyncio.Event()
        self.written: list[tuple[list[str], list[str]]] = []
        self.broken = False

    async def write(self, rows: list[Publication], forgotten: list[str]) -> None:
        self.begun.set()
        await self.open.wait()
        if self.broken:
            raise StoreUnavailable("the disk is full")
        self.written.append(([row.uid for row in rows], forgotten))


def row(number: int) -> Publication:
    return Publication(f"uid-{number}")


async def test_what_comes_while_one_write_is_under_way_is_written_together() -> None:
    ledger = Ledger()
    queue = WriteBehind(ledger.write)

    await queue.put([row(1)])
    await ledger.begun.wait()
    await queue.put([row(2)])
    await queue.put((), ["uid-3"])
    ledger.open.set()
    await queue.finish()

    assert ledger.written == [(["uid-1"], []), (["uid-2"], ["uid-3"])]


async def test_what_comes_soon_after_each_other_is_written_together_and_the_end_waits_for_no_more() -> None:
    ledger = Ledger()
    ledger.open.set()
    queue = WriteBehind(ledger.write, together_seconds=3600)

    await queue.put([row(1)])
    await queue.put([row(2)], ["uid-3"])
    await queue.finish()

    assert ledger.written == [(["uid-1", "uid-2"], ["uid-3"])]


async def test_rows_that_follow_a_full_queue_wait_for_others_again() -> None:
    ledger = Ledger()
    ledger.open.set()
    queue = WriteBehind(ledger.write, together_seconds=3600)

    for number in range(32):
        await queue.put([row(number)])
    await queue.put([row(32)])
    await queue.put([row(33)])
    assert [len(rows) for rows, _ in ledger.written] == [32]
    await queue.finish()

    assert [len(rows) for rows, _ in ledger.written] == [32, 2]


async def test_it_begins_anew_after_a_pause() -> None:
    ledger = Ledger()
    ledger.open.set()
    queue = WriteBehind(ledger.write)

    await queue.put([row(1)])
    await queue.finish()
    await queue.put([row(2)])
    await queue.finish()

    assert [rows for rows, _ in ledger.written] == [["uid-1"], ["uid-2"]]


async def test_a_ledger_that_cannot_be_written_stops_whoever_goes_on() -> None:
    ledger = Ledger()
    ledger.broken = True
    ledger.open.set()
    queue = WriteBehind(ledger.write)
    await queue.put([row(1)])

    with pytest.raises(StoreUnavailable):
        await queue.finish()
    with pytest.raises(StoreUnavailable):
        await queue.put([row(2)])


async def test_requests_do_not_run_far_ahead_of_a_slow_ledger() -> None:
    ledger = Ledger()
    queue = WriteBehind(ledger.write)
    await queue.put([row(0)])
    await ledger.begun.wait()
    for number in range(1, 32):
        await queue.put([row(number)])

    full = asyncio.create_task(queue.put([row(32)]))
    await asyncio.sleep(0)
    assert not full.done()
    ledger.open.set()
    await full

    assert sum(len(rows) for rows, _ in ledger.written) == 33


async def test_nothing_put_is_nothing_written() -> None:
    ledger = Ledger()

    await WriteBehind(ledger.write).finish()

    assert not ledger.begun.is_set()


async def test_a_write_that_fails_after_its_run_was_cancelled_ends_in_silence() -> None:
    said: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: said.append(context))
    ledger = Ledger()
    ledger.broken = True
    queue = WriteBehind(ledger.write)
    await queue.put([row(1)])
    run = asyncio.create_task(queue.finish())
    await ledger.begun.wait()
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)

    ledger.open.set()
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    del queue, run
    gc.collect()

    assert not said
