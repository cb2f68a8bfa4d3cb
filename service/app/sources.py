"""
The endpoints of the settings, each with the sink of its lists.
"""

import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from service.app.clock import utc_now
from service.core.errors import StoreUnavailable
from service.settings.accounts import account_of_source, find_pinned_account
from service.settings.model import Settings, SourceSettings
from service.sources.endpoint import Endpoint
from service.sources.endpoint_config import EndpointConfig, EndpointTiming
from service.sources.hooks import SnapshotSink, SourceHooks
from service.sources.status import SourceStatus
from service.sources.turns import Turns
from service.trueconf.discovery import Fetch

Begin = Callable[[str], Awaitable[None]]
"""Is awaited with the name of a source whenever this process begins to listen to it."""


def make_source(
    name: str, settings: SourceSettings, url: str, fetch: Fetch, hooks: SourceHooks, *, turns: Turns
) -> Endpoint:
    """Return the source of this name, which listens to `url`."""
    config = EndpointConfig(
        url,
        settings.pin.get_secret_value() if settings.pin else None,
        account_of_source(name, settings),
        settings.server.lower() if settings.server else None,
        find_pinned_account(settings),
    )
    timing = EndpointTiming(random.random, utc_now)
    return Endpoint(name, config, fetch=fetch, timing=timing, hooks=hooks, turns=turns)


@dataclass(frozen=True, slots=True)
class Source:
    """
    An endpoint together with the sink of its lists.
    """

    settings: SourceSettings
    endpoint: Endpoint
    sink: SnapshotSink
    begin: Begin

    @property
    def status(self) -> SourceStatus:
        """How the endpoint is doing."""
        return self.endpoint.status

    def poll_now(self) -> None:
        """Ask for the list soon."""
        self.endpoint.poll_now()

    def ask_now(self) -> bool:
        """Have the list asked for on a person's word; return whether that was not too soon."""
        return self.endpoint.ask_now()

    async def run(self) -> None:
        """Listen until cancelled; it may be run again."""
        # Another replica may have listened until now.
        with suppress(StoreUnavailable):
            await self.begin(self.endpoint.status.name)
        await self.endpoint.run(self.sink)


@dataclass(slots=True)
class Sources:
    """
    The endpoints of the settings in force.
    """

    fetch: Fetch
    hooks: SourceHooks
    sink: SnapshotSink
    begin: Begin
    all: Mapping[str, Source] = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)

    def apply(self, settings: Settings) -> None:
        """Make the endpoints that these settings name; one whose settings stay the same stays the same."""
        self.all = {
            name: self._keep(name, each, each.url) for name, each in settings.sources.items() if each.url
        }

    def _keep(self, name: str, settings: SourceSettings, url: str) -> Source:
        before = self.all.get(name)
        if before and before.settings == settings:
            return before
        endpoint = make_source(name, settings, url, self.fetch, self.hooks, turns=self.turns)
        return Source(settings, endpoint, self.sink, self.begin)
