"""
A collection to keep whose contents a test sets.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from typing_extensions import override

from service.publishing.model import RemoteRules, Resource
from service.publishing.ports import CollectionFinder, Server, TargetCollection


@dataclass
class GivenCollection(TargetCollection):
    """
    Holds what it is given.
    """

    key: str
    identity: str
    server: Server
    rules: RemoteRules
    audit_every: timedelta
    desired: Mapping[str, Resource] = field(default_factory=dict)
    configured: Callable[[str], bool] = lambda _key: True

    @override
    async def render(self, *, people: bool) -> Mapping[str, Resource]:
        """Return it."""
        return self.desired

    def content(self) -> object:
        """Return it."""
        return self.desired

    def is_configured(self, key: str) -> bool:
        """Return what the test says."""
        return self.configured(key)


@dataclass
class GivenTarget(CollectionFinder):
    """
    Finds what a test says at that moment.
    """

    find: Callable[[], list[TargetCollection]]

    def find_collections(self) -> list[TargetCollection]:
        """Return it."""
        return self.find()
