import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from structlog.testing import capture_logs

from service.core.conference import Listing, Rejection, Snapshot
from service.core.errors import StoreUnavailable
from service.core.rejected import KeepRules, RejectedInput
from service.sources.rejections import Rejections
from tests.core.given import NOW, ROOM, conference
from tests.store.memory import MemoryStore


class Sleeper:
    """Takes the seconds that would be slept; the sleep itself lasts until the test ends."""

    def __init__(self, store: "FailingStore | None" = None, *, lets_through: int = 0) -> None:
        self.waits: list[float] = []
        self.asleep = asyncio.Event()
        self._store, self._left = store, lets_through

    async def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self._store:
            self._store.failing = False
        if self._left:
            self._left -= 1
            return
        self.asleep.set()
        await asyncio.Event().wait()


class FailingStore(MemoryStore):
    """Cannot be written to while `failing`, and may be slow."""

    failing = False

    def __init__(self) -> None:
        super().__init__()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.asked = asyncio.Event()

    async def record_rejected(self, inputs: Sequence[RejectedInput], *, keep: int, since: datetime) -> None:
        self.asked.set()
        await self.may_write.wait()
        if self.failing:
            raise StoreUnavailable("the disk is full")
        await super().record_rejected(inputs, keep=keep, since=since)


def rejections(store: MemoryStore, **rest: Any) -> Rejections:
    return Rejections(store, KeepRules(), clock=lambda: NOW, **rest)


def reject(into: Rejections, *numbers: int, size: int = 1) -> None:
    for number in numbers:
        into.frame("lobby", ROOM, field="frame", reason="no JSON", raw=f"{number:0{size}}".encode())


async def kept(store: MemoryStore) -> list[int]:
    return sorted(int(each.raw) for each in await store.load_rejected())


async def test_a_frame_is_kept_with_where_it_came_from_and_why() -> None:
    store = MemoryStore()
    taken = rejections(store)
    taken.frame("lobby", ROOM, field="cnt", reason="negative", raw=b"{}")

    await taken.write()

    (only,) = await store.load_rejected()
    assert (only.source, only.account, only.conference_id) == ("lobby", str(ROOM), "")
    assert (only.field, only.reason, only.raw) == ("cnt", "negative", b"{}")
    assert (only.first_at, only.last_at, only.times) == (NOW, NOW, 1)


async def test_a_frame_of_nobody_in_particular_has_no_account() -> None:
    store = MemoryStore()
    taken = rejections(store)
    taken.frame("lobby", None, field="frame", reason="no JSON", raw=b"{")

    await taken.write()

    assert [each.account for each in await store.load_rejected()] == [""]


async def test_the_conferences_of_a_list_that_make_no_sense_are_kept() -> None:
    store = MemoryStore()
    taken = rejections(store)
    broken = Rejection("7", "schedule", "missing", b'{"id":"7"}')
    taken.snapshot(Snapshot(ROOM, "lobby", NOW, Listing((conference(),), (broken,))))

    await taken.write()

    (only,) = await store.load_rejected()
    assert (only.conference_id, only.field, only.raw) == ("7", "schedule", b'{"id":"7"}')


async def test_a_list_that_is_wrong_throughout_is_one_row_with_a_count() -> None:
    store = MemoryStore()
    taken = rejections(store)
    wrong = tuple(Rejection(str(number), "id", "empty", b"{}") for number in range(20_000))
    taken.snapshot(Snapshot(ROOM, "lobby", NOW, Listing((), wrong)))

    await taken.write()

    assert [(each.field, each.times) for each in await store.load_rejected()] == [("id", 20_000)]


async def test_a_hundred_frames_a_second_are_one_write_a_second() -> None:
    store, sleep = MemoryStore(), Sleeper()
    taken = rejections(store, sleep=sleep)
    running = asyncio.create_task(taken.run())
    for number in range(100):
        reject(taken, number)
    async with asyncio.timeout(10):
        await sleep.asleep.wait()
    running.cancel()

    assert await kept(store) == list(range(100))
    assert sleep.waits == [1.0]


async def test_of_more_than_memory_is_for_the_newest_are_kept_and_the_rest_is_told() -> None:
    store = MemoryStore()
    taken = rejections(store)
    reject(taken, *range(250))

    with capture_logs() as logs:
        await taken.write()

    assert await kept(store) == list(range(50, 250))
    assert [(each["event"], each["not_kept"]) for each in logs] == [("rejections.too_many", 50)]


async def test_large_frames_wait_in_no_more_memory_than_small_ones() -> None:
    store = MemoryStore()
    taken = rejections(store)
    reject(taken, *range(1, 40), size=2**20)

    await taken.write()

    sizes = [len(each.raw) for each in await store.load_rejected()]
    assert sum(sizes) <= 16 * 2**20
    assert len(sizes) > 10


async def test_what_arrives_while_it_is_written_is_written_next() -> None:
    store = FailingStore()
    taken = rejections(store)
    reject(taken, *range(200))
    store.may_write.clear()
    writing = asyncio.create_task(taken.write())
    await asyncio.sleep(0)
    reject(taken, *range(200, 300))
    store.may_write.set()
    await writing

    await taken.write()

    assert await kept(store) == list(range(300))


async def test_while_the_store_fails_input_waits_and_that_is_said_once() -> None:
    store = FailingStore()
    store.failing = True
    taken = rejections(store)
    with capture_logs() as logs:
        for number in range(3):
            reject(taken, number)
            await taken.write()
    store.failing = False

    await taken.write()

    assert [each["event"] for each in logs] == ["rejections.not_kept"]
    assert await kept(store) == [0, 1, 2]


async def test_what_waits_is_written_though_nothing_new_arrives() -> None:
    store = FailingStore()
    store.failing = True
    sleep = Sleeper(store, lets_through=1)
    taken = rejections(store, sleep=sleep)
    running = asyncio.create_task(taken.run())
    reject(taken, 1)
    async with asyncio.timeout(10):
        await sleep.asleep.wait()
    running.cancel()

    assert await kept(store) == [1]
    assert sleep.waits == [10.0, 1.0]


async def test_while_the_store_fails_memory_is_bounded_too() -> None:
    store = FailingStore()
    store.failing = True
    taken = rejections(store)
    for start in range(0, 1000, 100):
        reject(taken, *range(start, start + 100))
        await taken.write()
    store.failing = False

    with capture_logs() as logs:
        await taken.write()

    assert await kept(store) == list(range(800, 1000))
    assert [each["not_kept"] for each in logs] == [800]


async def test_what_is_kept_holds_no_secret() -> None:
    store = MemoryStore()
    taken = rejections(store)
    missing = Rejection("1", "schedule", "missing", b'{"id":"1","url":"https://b.c/c/1?k=hush"}')

    taken.frame("lobby", ROOM, field="result", reason="false", raw=b'{"token":"hush","result":false}')
    taken.snapshot(Snapshot(ROOM, "lobby", NOW, Listing((), (missing,), ())))
    await taken.write()

    assert {each.raw for each in await store.load_rejected()} == {
        b'{"token":"***","result":false}',
        b'{"id":"1","url":"https://b.c/c/1?k=***"}',
    }


async def test_what_was_being_written_when_the_daemon_stops_is_written_at_its_end() -> None:
    store = FailingStore()
    store.may_write.clear()
    taken = rejections(store)
    reject(taken, 1)
    writing = asyncio.create_task(taken.write())
    await store.asked.wait()

    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    store.may_write.set()
    await taken.write()

    assert await kept(store) == [1]
