"""
Rendering of all VEVENTs after a change of settings, of zone data or of the format.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from service.core.account_state import Entry
from service.core.changes import Edit
from service.core.conference import Conference, Key
from service.core.edits import Policy, edit_of
from service.core.past import bounds_under, move_on
from service.core.schedule import Schedule, Unscheduled, Weekly
from service.core.state import State
from service.core.weekly import WeeklyRules, continues


def rerender(state: State, policy: Policy, now: datetime, progress: Callable[[int], None]) -> list[Edit]:
    """
    Render every entry again after a change of settings; revisions grow where the result is visible.

    `progress` receives the number of entries done.
    """
    edits = []
    reports = _weekly_reports(state)
    for done, entry in enumerate(state.entries.values(), start=1):
        progress(done)
        if entry.fingerprint and isinstance(entry.conference.schedule, Unscheduled):
            # Its row is damaged: its published VEVENT stays until a list reports the conference again.
            continue
        rules = policy.rendering(entry.source).weekly
        schedule = entry.conference.schedule if entry.key.part else _as_reported(entry, reports, rules, now)
        bounds = bounds_under(schedule, entry.bounds, rules, now)
        if not entry.key.part:
            bounds = move_on(schedule, bounds, now, policy.removal.keep_ended)
        conference = replace(entry.conference, schedule=schedule)
        edits.append(
            edit_of(entry.key, conference, entry, source=entry.source, policy=policy, now=now, bounds=bounds)
        )
    return edits


def move_on_old(state: State, policy: Policy, now: datetime) -> list[Edit]:
    """Move on, by whole occurrences, the series that began too long ago for readers to expand."""
    keep_ended = policy.removal.keep_ended
    edits = []
    for entry in state.entries.values():
        bounds = entry.bounds
        if entry.key.part == 0:
            bounds = move_on(entry.conference.schedule, bounds, now, keep_ended)
        if bounds is not entry.bounds:
            moved = edit_of(
                entry.key,
                entry.conference,
                entry,
                source=entry.source,
                policy=policy,
                now=now,
                bounds=bounds,
            )
            edits.append(moved)
    return edits


def _weekly_reports(state: State) -> dict[Key, list[Conference]]:
    reports: dict[Key, list[Conference]] = {}
    for known in state.order_accounts():
        for conference in known.reported.values():
            if isinstance(conference.schedule, Weekly):
                reports.setdefault(Key(known.account.server, conference.id), []).append(conference)
    return reports


def _as_reported(
    entry: Entry, reports: Mapping[Key, list[Conference]], rules: WeeklyRules, now: datetime
) -> Schedule:
    """
    Return the schedule of an entry as accounts report it, from the first start that belongs to it.

    Earlier versions of confcal kept starts that their rules had moved, but flags count from the reported
    start. If the present rules read the known start as another series, the reported one counts.
    """
    schedule = entry.conference.schedule
    if not isinstance(schedule, Weekly):
        return schedule
    bounds = bounds_under(schedule, entry.bounds, rules, now)
    for report in reports.get(entry.key, ()):
        reported = report.schedule
        if not isinstance(reported, Weekly) or (reported.days, reported.duration) != (
            schedule.days,
            schedule.duration,
        ):
            continue
        if replace(report, schedule=entry.conference.schedule) != entry.conference:
            continue
        earlier = reported.start < schedule.start and continues(reported, schedule, rules, bounds)
        other = reported.start > schedule.start and not continues(schedule, reported, rules, bounds)
        if earlier or other:
            schedule = reported
    return schedule
