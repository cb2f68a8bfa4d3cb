"""
A target with many collections: in parallel, what changed first, and only what changed. Counted, not timed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from service.core.errors import CredentialsRefused, Retryable
from service.publishing.dispatch import Timing
from service.publishing.model import Operation, Publication, RemoteRules, Resource
from service.publishing.ports import DiscoveredCollection, TargetCollection, TargetRecord
from service.publishing.reconciler import Reconciler
from service.publishing.target_status import TargetStatus
from tests.publishing.clock import Clock
from tests.publishing.collections import GivenCollection, GivenTarget
from tests.publishing.shelf import HOUR, Shelf, resources
from tests.store.memory_ledger import MemoryLedger

CONCURRENCY = 4


class CountingLedger(MemoryLedger):
    """Counts the queries."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: Counter[str] = Counter()

    async def targets(self) -> dict[str, TargetRecord]:
        self.asked["targets"] += 1
        return await super().targets()

    async def publications(self, target: str) -> dict[str, Publication]:
        self.asked["publications"] += 1
        return await super().publications(target)


@dataclass
class Office:
    """
    A server that answers all requests of one tick at its end, and people whose collections are on it.
    """

    desired: dict[str, Mapping[str, Resource]]
    ledger: CountingLedger = field(default_factory=CountingLedger)
    clock: Clock = field(default_factory=Clock)
    ticks: int = 0
    requests: int = 0
    written: list[str] = field(default_factory=list)
    """The collections that were written to, in order."""

    at_once: int = 0
    most_at_once: int = 0
    rendered: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.shelves = {name: OfficeShelf(self, name) for name in self.desired}
        self.tick = asyncio.Event()
        self.reconciler = Reconciler(
            TargetStatus("team", "people/*"),
            GivenTarget(self._collections),
            self.ledger,
            concurrency=CONCURRENCY,
            audit_every=HOUR,
            timing=Timing(self.clock.sleep, lambda: 0.5),
            clock=self.clock,
        )

    def _collections(self) -> list[TargetCollection]:
        return [
            PersonsCollection(
                f"team/{name}", name, self.shelves[name], RemoteRules(), HOUR, desired, rendered=self.rendered
            )
            for name, desired in self.desired.items()
        ]

    async def answer(self) -> None:
        """Hold a request until the tick ends."""
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.tick.wait()
        finally:
            self.at_once -= 1

    async def keep(self, *, until: int = 10_000) -> None:
        """Make one round, tick by tick, or as many ticks of one."""
        self.round = asyncio.create_task(self.reconciler.once())
        while not self.round.done() and self.ticks < until:
            await self.step()
        if self.round.done():
            await self.round

    async def step(self) -> None:
        """Answer what waits for the server."""
        await self.let_run()
        if self.at_once:
            self.ticks += 1
            self.tick.set()
            self.tick = asyncio.Event()

    async def let_run(self) -> None:
        """Let all that does not wait for the server get as far as it can."""
        for _ in range(60):
            await asyncio.sleep(0)

    async def publish_a_fourth(self, name: str, *, ticks: int) -> None:
        """Go on with a round until a changed collection holds four events, in at most so many ticks."""
        self.reconciler.mark_changed()
        before = self.ticks
        while len(self.shelves[name].held) < 4:
            await self.step()
            assert self.ticks - before < ticks
        self.round.cancel()
        await asyncio.gather(self.round, return_exceptions=True)


@dataclass
class PersonsCollection(GivenCollection):
    rendered: Counter[str] = field(default_factory=Counter)

    async def render(self, *, people: bool) -> Mapping[str, Resource]:
        self.rendered[self.identity] += 1
        return await super().render(people=people)


class OfficeShelf(Shelf):
    def __init__(self, office: "Office", name: str) -> None:
        super().__init__()
        self.office, self.name = office, name

    async def find(self) -> DiscoveredCollection:
        await self.office.answer()
        await super().find()
        return DiscoveredCollection(f"https://dav.example.com/{self.name}/", "shelf", created=True)

    @override
    def writers(self, server: str) -> int:
        return CONCURRENCY

    async def apply(self, operation: Operation) -> Publication | None:
        await self.office.answer()
        self.office.written.append(self.name)
        return await super().apply(operation)


def office_of(people: int, events: int) -> Office:
    return Office({f"p{number}": resources(range(events)) for number in range(people)})


async def test_three_hundred_collections_are_filled_at_the_full_width_of_the_target() -> None:
    office = office_of(300, 3)

    await office.keep()

    assert all(len(shelf.held) == 3 for shelf in office.shelves.values())
    assert office.most_at_once == CONCURRENCY
    assert office.requests == 300 * 4
    assert office.ticks <= 1.3 * office.requests / CONCURRENCY


async def test_only_what_changed_is_rendered_and_written() -> None:
    office = office_of(300, 2)
    await office.keep()
    office.written.clear()
    office.rendered.clear()
    office.ledger.asked.clear()

    office.desired["p17"] = resources(range(3))
    await office.keep()

    assert office.written == ["p17"]
    assert office.rendered == {"p17": 1}
    assert office.ledger.asked == {"targets": 1, "publications": 1}


async def test_the_queries_of_a_first_fill_grow_with_the_collections_and_not_with_their_square() -> None:
    office = office_of(100, 1)

    await office.keep()

    assert office.ledger.asked["targets"] == 1
    assert office.ledger.asked["publications"] <= 2 * 100


async def test_a_change_is_published_while_a_first_fill_is_under_way() -> None:
    office = office_of(300, 3)
    await office.keep(until=60)
    assert len(office.shelves["p0"].held) == 3
    untouched = sum(not shelf.held for shelf in office.shelves.values())
    office.desired["p0"] = resources(range(4))

    await office.publish_a_fourth("p0", ticks=20)

    assert untouched > 200
    assert sum(not shelf.held for shelf in office.shelves.values()) > 180


async def test_a_change_of_a_collection_that_is_being_filled_is_published_right_after() -> None:
    office = office_of(300, 3)
    await office.keep(until=1)
    await office.let_run()
    assert office.rendered == {"p0": 1}
    office.desired["p0"] = resources(range(4))

    await office.publish_a_fourth("p0", ticks=20)

    assert sum(not shelf.held for shelf in office.shelves.values()) > 250


async def test_a_collection_that_is_gone_when_its_run_ends_is_not_run_over_again() -> None:
    office = office_of(3, 3)
    await office.keep(until=1)
    await office.let_run()
    assert office.rendered == {"p0": 1}

    del office.desired["p0"]
    office.reconciler.mark_changed()
    while not office.round.done():
        await office.step()

    assert office.rendered == {"p0": 1, "p1": 1, "p2": 1}


async def test_a_wrong_password_is_tried_once() -> None:
    office = office_of(20, 1)
    for shelf in office.shelves.values():
        shelf.down = CredentialsRefused("401")

    await office.keep()

    assert office.requests == 1
    assert office.reconciler.status.error == "401"


async def test_an_error_that_concerns_all_ends_a_round_in_parallel() -> None:
    office = office_of(20, 1)
    await office.keep()
    office.requests = 0
    for name, shelf in office.shelves.items():
        shelf.refusing[""] = CredentialsRefused("401")
        office.desired[name] = resources(range(2))

    await office.keep()

    assert office.requests <= 2 * CONCURRENCY
    assert (office.reconciler.status.state, office.reconciler.status.error) == ("failing", "401")


async def test_a_target_in_trouble_is_asked_by_one_collection_alone() -> None:
    office = office_of(20, 1)
    for shelf in office.shelves.values():
        shelf.down = Retryable("unreachable")
    await office.keep()
    office.requests = office.most_at_once = 0

    await office.keep()

    assert (office.requests, office.most_at_once) == (1, 1)
    for shelf in office.shelves.values():
        shelf.down = None
    await office.keep()
    assert all(len(shelf.held) == 1 for shelf in office.shelves.values())
    assert office.reconciler.status.state == "in step"


async def test_what_failed_or_waits_is_run_over_again_though_nothing_changed() -> None:
    office = office_of(3, 1)
    office.shelves["p1"].refusing[""] = Retryable("423: locked")
    await office.keep()
    office.shelves["p1"].refusing.clear()

    office.clock.now += HOUR / 2
    await office.keep()

    assert [len(shelf.held) for shelf in office.shelves.values()] == [1, 1, 1]


async def test_a_collection_is_looked_at_again_when_its_audit_is_due() -> None:
    office = office_of(2, 1)
    await office.keep()
    del office.shelves["p0"].held["/team/u0.ics"]

    await office.keep()
    assert not office.shelves["p0"].held
    office.clock.now += HOUR
    await office.keep()

    assert office.shelves["p0"].asked["listing"] == 2
