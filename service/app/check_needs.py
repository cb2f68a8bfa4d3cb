"""
What needs a person according to `confcal check`: what the database holds, and what it found out just now.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib.metadata import version

from service.app.check_source import SourceReport
from service.app.check_target import TargetReport
from service.app.opening import with_store
from service.app.policy import policy_of
from service.calendars.names import Names
from service.core.disputes import find_disputes
from service.core.errors import SettingsError, StoreUnavailable
from service.core.held import list_held
from service.core.needs import (
    Disputed,
    Facts,
    Need,
    OpenSecret,
    Room,
    Target,
    VersionBehind,
    ZoneMissing,
    find_behind,
    find_last_lists,
    find_needs,
)
from service.core.occurrences import find_next
from service.core.rejected import RejectedInput
from service.core.replicas import Census
from service.core.state import State
from service.core.zone_notices import ZoneNotice, ZoneUnset
from service.settings.model import Settings


async def find_check_needs(
    settings: Settings,
    sources: Sequence[SourceReport],
    targets: Sequence[TargetReport],
    *,
    notices: Sequence[ZoneNotice],
    open_secrets: Sequence[OpenSecret],
    now: datetime,
) -> tuple[Need, ...]:
    """Return what needs a person; a database that cannot be read is another finding."""
    state, rejected, census = State(), list[RejectedInput](), Census()
    try:
        async with with_store(settings) as store:
            state, census = await store.load(), await store.leases.census()
            rejected = await store.load_rejected(most_raw=0)
    except (SettingsError, StoreUnavailable):
        pass
    policy, names = policy_of(settings), Names(state.entries)
    by_account, by_source = find_last_lists(state, {})
    held = list_held(state, policy, lambda entry: find_next(entry, policy, now))
    facts = Facts(
        held=[replace(each, display_name=names.find(each.account)) for each in held],
        rooms=[_to_room(each, state, now) for each in sources if not each.good],
        targets=[_to_target(each) for each in targets if not each.good],
        rejected=rejected,
        disputes=[
            Disputed(each.key.id, each.key.server, each.topic, names.describe(str(each.counts)))
            for each in find_disputes(state, policy, now)
        ],
        zones=[ZoneMissing(each.variable, each.count) for each in notices if isinstance(each, ZoneUnset)],
        open_secrets=open_secrets,
        versions=_find_behind(census),
        quiet=policy.quiet,
        last_lists=by_account,
        last_of_sources=by_source,
    )
    return find_needs(facts, now)


def _find_behind(census: Census) -> list[VersionBehind]:
    """Return the replicas that are older than another one, or than the program that checks."""
    running = {"": version("confcal"), **{each.holder: each.version for each in census.replicas}}
    return [each for each in find_behind(running) if each.where]


def _to_room(report: SourceReport, state: State, now: datetime) -> Room:
    known = state.latest_from(report.name)
    last = known.list_at if known else None
    return Room(report.name, report.state, last or now, last, error=report.text)


def _to_target(report: TargetReport) -> Target:
    return Target(report.name, report.state, report.lines[0], report.lines[1:])
