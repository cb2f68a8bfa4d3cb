"""
What needs a person according to `confcal check`: what the database holds, and what it found out just now.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib.metadata import version

from service.app.check_source import SourceReport
from service.app.check_target import TargetReport
from service.app.opening import with_store
from service.app.policy import policy_of
from service.calendars.names import Names, load_names
from service.core.disputes import Dispute, find_disputes
from service.core.errors import SettingsError, StoreUnavailable
from service.core.held import find_held, list_held
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
from service.core.revision import Policy
from service.core.state import State
from service.core.zone_notices import ZoneNotice, ZoneUnset
from service.settings.model import Settings


@dataclass(frozen=True, slots=True)
class _Known:
    """What the database says; nothing where it cannot be read."""

    state: State = field(default_factory=State)
    """With the conferences that are held or in dispute, and no others."""

    disputes: Sequence[Dispute] = ()
    names: Names = field(default_factory=Names)
    rejected: Sequence[RejectedInput] = ()
    census: Census = field(default_factory=Census)


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
    policy, known = policy_of(settings), _Known()
    with suppress(SettingsError, StoreUnavailable):
        known = await _load(settings, policy, now)
    state, names = known.state, known.names
    by_account, by_source = find_last_lists(state, {})
    held = list_held(state, policy, lambda entry: find_next(entry, policy, now))
    facts = Facts(
        held=[replace(each, display_name=names.find(each.account)) for each in held],
        rooms=[_to_room(each, state, now) for each in sources if not each.good],
        targets=[_to_target(each) for each in targets if not each.good],
        rejected=known.rejected,
        disputes=[
            Disputed(each.key.id, each.key.server, each.topic, names.describe(str(each.counts)))
            for each in known.disputes
        ],
        zones=[ZoneMissing(each.variable, each.count) for each in notices if isinstance(each, ZoneUnset)],
        open_secrets=open_secrets,
        versions=_find_behind(known.census),
        quiet=policy.quiet,
        last_lists=by_account,
        last_of_sources=by_source,
    )
    return find_needs(facts, now)


async def _load(settings: Settings, policy: Policy, now: datetime) -> _Known:
    async with with_store(settings) as store:
        keys = find_held(await store.load_conferences(()))
        state = await store.load_conferences([*keys, *await store.find_shared()])
        disputes = find_disputes(state, policy, now)
        people = {str(each.account) for each in state.accounts.values() if each.held}
        people |= {str(each.counts) for each in disputes}
        return _Known(
            state,
            disputes,
            await load_names(store, people, state.entries),
            await store.load_rejected(most_raw=0),
            await store.leases.census(),
        )


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
