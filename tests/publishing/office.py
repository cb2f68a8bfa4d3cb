"""
A target with many collections on a server that answers by ticks, so that what happens is counted, not timed.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from typing_extensions import override

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
    rules: RemoteRules = field(default_factory=RemoteRules)
    concurrency: int = CONCURRENCY
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
            concurrency=self.concurrency,
            audit_every=HOUR,
            timing=Timing(self.clock.sleep, lambda: 0.5),
            clock=self.clock,
        )

    def _collections(self) -> list[TargetCollection]:
        return [
            PersonsCollection(
                f"team/{name}", name, self.shelves[name], self.rules, HOUR, desired, rendered=self.rendered
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

    async def finish(self) -> None:
        """Go on with a round to its end."""
        while not self.round.done():
            await self.step()
        await self.round

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
        created = self.asked["find"] == 1
        return DiscoveredCollection(f"https://dav.example.com/{self.name}/", "shelf", created=created)

    @override
    def writers(self, server: str) -> int:
        return self.office.concurrency

    async def apply(self, operation: Operation) -> Publication | None:
        await self.office.answer()
        self.office.written.append(self.name)
        return await super().apply(operation)


def office_of(people: int, events: int) -> Office:
    return Office({f"p{number}": resources(range(events)) for number in range(people)})
