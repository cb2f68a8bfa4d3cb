"""
What a snapshot changes: a pure function from what is known to the changes that one transaction writes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.core.conference import Conference, Key, Snapshot
from service.core.ical import fingerprint, render_vevent
from service.core.known import Changes, Edit, Entry, Known, RenderedVEvent, Revision, State
from service.core.removal import RemovalRules, decide
from service.core.schedule import Schedule, Unscheduled, Weekly
from service.core.vevent import Redaction, Rendering, Translate, to_vevent, untranslated
from service.core.weekly import anchored, settled

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One way of writing every VEVENT: how much is told, and in which language.
    """

    name: str = "full-en"
    redaction: Redaction = "full"
    translate: Translate = untranslated
    secret: str = field(default="", repr=False)
    """What the UIDs of a redacted variant depend on."""


FULL = Variant()


@dataclass(frozen=True, slots=True)
class Policy:
    """
    All that the settings say about turning snapshots into VEVENTs.
    """

    renderings: Mapping[str, Rendering] = field(default_factory=dict)
    """By source."""

    default: Rendering = field(default_factory=Rendering)
    """For a source that the settings no longer name."""

    variants: tuple[Variant, ...] = (FULL,)
    """The first one is what a change is measured by."""

    removal: RemovalRules = field(default_factory=RemovalRules)

    def rendering(self, source: str) -> Rendering:
        """Return how conferences from `source` are rendered."""
        return self.renderings.get(source, self.default)


def revise(state: State, snapshot: Snapshot, policy: Policy) -> Changes:
    """
    Return what `snapshot` changes of `state`.

    A conference is edited when an account reports it differently than that account did before: a second
    account with an older list does not undo what the first one told. The cost follows the number of
    changes; an unchanged conference is one look-up.
    """
    known = state.known(snapshot.account)
    now = snapshot.received_at.replace(microsecond=0)
    reports = tuple(_reports(known.reported, snapshot.listing.conferences))
    edits = (_edit(state, snapshot, conference, policy, now) for conference in reports)
    present = {conference.id for conference in snapshot.listing.conferences}
    present |= {rejection.conference_id for rejection in snapshot.listing.rejections}
    removal = decide(known, present, now=now, rules=policy.removal, good=snapshot.good)
    return Changes(
        account=snapshot.account,
        source=snapshot.source,
        received_at=now,
        count=len(snapshot.listing.conferences),
        edits=tuple(edit for edit in edits if edit),
        reports=reports,
        absences=removal.absences,
        departures=removal.departures,
        held=removal.held,
        held_changed=removal.held != known.held,
    )


def _reports(reported: Mapping[str, Conference], conferences: tuple[Conference, ...]) -> list[Conference]:
    # The decoder hands out the identical object for the same bytes; comparing fields is for the rest.
    get = reported.get
    return [c for c in conferences if (before := get(c.id)) is not c and before != c]


def _edit(
    state: State, snapshot: Snapshot, conference: Conference, policy: Policy, now: datetime
) -> Edit | None:
    key = Key(snapshot.account.server, conference.id)
    rules = policy.rendering(snapshot.source).weekly
    entry = state.entries.get(key)
    schedule = settled(conference.schedule, rules, now)
    # What had left every calendar and comes back begins anew: it did not take place meanwhile.
    if entry and _is_listed(state, key):
        schedule = anchored(entry.conference.schedule, schedule, rules)
    conference = replace(conference, schedule=schedule, state="", session_id="")
    if entry and entry.conference == conference:
        return None
    return edit_of(key, conference, entry, source=snapshot.source, policy=policy, now=now)


def _is_listed(state: State, key: Key) -> bool:
    accounts = state.accounts.values()
    return any(known.account.server == key.server and key.id in known.reported for known in accounts)


def edit_of(
    key: Key, conference: Conference, entry: Entry | None, *, source: str, policy: Policy, now: datetime
) -> Edit:
    """
    Return the entry that follows `entry` when its conference is now `conference`, with its VEVENTs.

    The revision moves only where something visible changed.
    """
    rendering = policy.rendering(source)
    content = b""
    vevents: dict[str, RenderedVEvent] = {}
    revision = entry.revision if entry else Revision(0, now)
    for variant in policy.variants:
        vevent = to_vevent(
            key,
            conference,
            rendering,
            translate=variant.translate,
            redaction=variant.redaction,
            secret=variant.secret,
        )
        if vevent is None:
            break
        if not vevents:
            content = fingerprint(vevent)
            revision = next_revision(entry, content, now)
        vevents[variant.name] = render_vevent(vevent, revision)
    return Edit(Entry(key, conference, revision, content, source), vevents)


def next_revision(entry: Entry | None, content: bytes, now: datetime) -> Revision:
    """
    Return the revision of an entry whose visible content is now `content`.

    LAST-MODIFIED grows with every change, whatever the clock does: ICSx5 drops an update that is not newer.
    """
    if entry is None:
        return Revision(0, now)
    if entry.fingerprint == content:
        return entry.revision
    return Revision(entry.revision.sequence + 1, max(now, entry.revision.revised_at + _SECOND))


def approve(known: Known) -> Changes | None:
    """
    Return what applying the account's held list changes now, without waiting for more lists that agree.

    Only what was held goes, and only what the last good list still lacked. None where nothing is held.
    """
    if known.held is None or known.list_at is None:
        return None
    return Changes(
        account=known.account,
        source=known.source,
        received_at=known.list_at,
        count=known.count,
        departures=known.held.missing & known.absences.keys(),
        held_changed=True,
    )


def rerender(state: State, policy: Policy, now: datetime, progress: Callable[[int], None]) -> list[Edit]:
    """
    Return every entry rendered anew, after a change of settings; revisions move where it can be seen.

    `progress` is told how many are done.
    """
    edits = []
    reports = _weekly_reports(state)
    for done, entry in enumerate(state.entries.values(), start=1):
        progress(done)
        if entry.fingerprint and isinstance(entry.conference.schedule, Unscheduled):
            # Its row is damaged: what is published of it stays until a list tells of it again.
            continue
        rules = policy.rendering(entry.source).weekly
        before = settled(entry.conference.schedule, rules, now)
        schedule = anchored(before, settled(_as_reported(entry, reports), rules, now), rules)
        conference = replace(entry.conference, schedule=schedule)
        edits.append(edit_of(entry.key, conference, entry, source=entry.source, policy=policy, now=now))
    return edits


def _weekly_reports(state: State) -> dict[Key, list[Conference]]:
    reports: dict[Key, list[Conference]] = {}
    for known in state.accounts.values():
        for conference in known.reported.values():
            if isinstance(conference.schedule, Weekly):
                reports.setdefault(Key(known.account.server, conference.id), []).append(conference)
    return reports


def _as_reported(entry: Entry, reports: Mapping[Key, list[Conference]]) -> Schedule:
    """
    Return the schedule as an account reported it: other rules may have moved the start that the entry has.

    Only of an account that tells the same of the conference as the entry does; else the entry's own.
    """
    own = entry.conference
    for reported in reports.get(entry.key, ()):
        match own.schedule, reported.schedule:
            case Weekly(_, duration, days), Weekly(_, told_duration, told_days) if (duration, days) == (
                told_duration,
                told_days,
            ) and replace(reported, schedule=own.schedule) == own:
                return reported.schedule
    return own.schedule
