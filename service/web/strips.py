"""
The last 24 hours of every source and target, for the dashboard and the API.
"""

from collections import defaultdict
from datetime import datetime
from typing import Literal

import msgspec

from service.core.journal import JournalEntry, JournalQuery
from service.core.quiet import NEVER_QUIET
from service.core.strip import (
    CONFCAL,
    STRIP_EVENTS,
    SlotState,
    make_source_strip,
    make_target_strip,
    start_of_strip,
)
from service.web.queries import AdminQueries
from service.web.schemas import to_views

_MOST_ENTRIES = 3000
"""Beyond it the oldest entries are left out; thousands of troubles a day leave no slot without one anyway."""


class SlotView(msgspec.Struct, frozen=True):
    """
    Half an hour: when it begins, and the worst that happened in it.
    """

    start: datetime
    state: SlotState


class StripView(msgspec.Struct, frozen=True):
    """
    The last 24 hours of a source or a target, the oldest half hour first.
    """

    kind: Literal["source", "target"]
    name: str
    slots: tuple[SlotView, ...]


async def read_strips(queries: AdminQueries) -> list[StripView]:
    """Return the strips of all sources, then those of all targets. Raises StoreUnavailable."""
    now, reports = queries.now(), queries.reports
    query = JournalQuery(events=STRIP_EVENTS, since=start_of_strip(now), limit=_MOST_ENTRIES)
    of_sources: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    of_targets: defaultdict[str, list[JournalEntry]] = defaultdict(list)
    for entry in await reports.read_journal(query):
        (of_targets[entry.target] if entry.target else of_sources[entry.source]).append(entry)
    heard = await reports.read_heard()
    ran, nothing = heard.get(CONFCAL, frozenset()), frozenset[int]()
    sources = [
        StripView(
            "source",
            each.name,
            to_views(
                SlotView,
                make_source_strip(
                    of_sources[each.name],
                    heard=heard.get(each.name, nothing),
                    ran=ran,
                    state=each.state,
                    quiet=queries.policy.quiet.get(each.name, NEVER_QUIET),
                    now=now,
                ),
            ),
        )
        for each in reports.sources()
    ]
    targets = [
        StripView(
            "target",
            each.name,
            to_views(
                SlotView,
                make_target_strip(
                    of_targets[each.name],
                    ran=ran,
                    state=each.state,
                    parked={row.uid for row in each.parked},
                    now=now,
                ),
            ),
        )
        for each in reports.targets()
    ]
    return sources + targets
