"""
A reconciler whose collections, and their content, the test chooses.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import httpx

from service.caldav.discovery import CollectionSpec
from service.caldav.server import CalDavServer
from service.core.errors import PlanRefused
from service.publishing.dispatch import Timing
from service.publishing.model import Resource
from service.publishing.ports import TargetCollection
from service.publishing.reconciler import Reconciler
from service.publishing.target_status import TargetStatus
from tests.caldav.misbehaving import Misbehaving
from tests.caldav.site import Site
from tests.publishing.collections import GivenCollection, GivenTarget


class Kept:
    """One target of the settings."""

    def __init__(self, site: Site, timing: Timing | None = None) -> None:
        self.site = site
        self.desired: Mapping[str, Resource] = {}
        self._dropped = False
        self.collections: Sequence[str] = ()
        """Names of collections, each with everything in it; the site's own where there are none."""

        self.refusal: PlanRefused | None = None
        """Why there is nothing to publish to, where that is so."""

        self.second_key = ""
        """The key of one more target that leads to the site's own collection."""

        self.reconciler = Reconciler(
            TargetStatus("team", "all"),
            GivenTarget(self._targets),
            site.ledger,
            concurrency=4,
            audit_every=site.audit_every,
            timing=timing or Timing(site.clock.sleep, lambda: 0.5),
            clock=site.clock,
        )

    async def later(self, **units: float) -> float:
        """One pass, so long after the last one."""
        self.site.clock.now += timedelta(**units)
        return await self.reconciler.once()

    def drop_collections(self) -> None:
        """Have the target find no collection any more."""
        self._dropped = True

    def _targets(self) -> list[TargetCollection]:
        if self.refusal:
            raise self.refusal
        if self._dropped:
            return []
        name = self.reconciler.status.name
        if not self.collections:
            keys = [name, self.second_key] if self.second_key else [name]
            return [self._target(key, self.site.collection) for key in keys]
        return [self._target(f"{name}/{each}", each) for each in self.collections]

    def _target(self, key: str, collection: str) -> TargetCollection:
        site = self.site
        server = CalDavServer(
            site.connection, CollectionSpec(site.url, collection), site.rules, site.concurrency
        )
        return GivenCollection(key, f"i{collection}", server, site.rules, site.audit_every, self.desired)


def down(server: Misbehaving, *, times: int = 10_000) -> None:
    """Have nobody reach the server so many times."""
    left = [times]

    async def refuse(request: httpx.Request) -> httpx.Response | None:
        if left[0] <= 0:
            return None
        left[0] -= 1
        raise httpx.ConnectError("refused", request=request)

    server.before = refuse


def answering(server: Misbehaving, status: int, *, method: str = "", path: str = "") -> None:
    """Answer with a status to each request of a method whose path has this in it."""

    async def answer(request: httpx.Request) -> httpx.Response | None:
        hit = path in request.url.path and method in {"", request.method}
        return httpx.Response(status) if hit else None

    server.before = answer
