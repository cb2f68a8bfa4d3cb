"""
Entries with their rendered VEVENTs, and the revisions that grow when their visible content changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from service.core.account_state import Entry, Revision
from service.core.changes import Edit, RenderedVEvent
from service.core.conference import Conference, Key
from service.core.ical import fingerprint, render_vevent
from service.core.quiet import QuietHours
from service.core.removal import RemovalRules
from service.core.schedule import UNBOUNDED, Bounds
from service.core.vevent import Redaction, Rendering, Translate, no_translation, to_vevent
from service.core.vtimezone import compact_zone, render_vtimezone

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One way to write every VEVENT: how much it shows, and in which language.
    """

    name: str = "full-en"
    redaction: Redaction = "full"
    translate: Translate = no_translation
    secret: str = field(default="", repr=False)
    """What the UIDs of a redacted variant depend on."""


FULL = Variant()


@dataclass(frozen=True, slots=True)
class Policy:
    """
    Everything the settings say about turning snapshots into VEVENTs.
    """

    renderings: Mapping[str, Rendering] = field(default_factory=dict)
    """By source."""

    default: Rendering = field(default_factory=Rendering)
    """For a source that the settings no longer name."""

    variants: tuple[Variant, ...] = (FULL,)
    """The first one is what a change is measured by."""

    removal: RemovalRules = field(default_factory=RemovalRules)

    quiet: Mapping[str, QuietHours] = field(default_factory=dict)
    """When no list is expected, for every source of the settings."""

    vtimezones: Mapping[str, bytes] = field(default_factory=dict)
    """The VTIMEZONEs that stored VEVENTs go by, by zone; none is written by another one beside them."""

    def rendering(self, source: str) -> Rendering:
        """Return the rendering for conferences from `source`."""
        return self.renderings.get(source, self.default)

    def fit_to(self, vtimezones: Mapping[str, bytes]) -> "Policy":
        """Return the policy for VEVENTs beside stored ones that go by these VTIMEZONEs."""
        return replace(self, vtimezones=vtimezones)

    def rendering_to_write(self, source: str) -> Rendering:
        """Return the rendering for VEVENTs of conferences from `source`, beside those that are stored."""
        rendering = self.rendering(source)
        stored = self.vtimezones.get(rendering.weekly.timezone)
        if stored is None or stored == _vtimezone(rendering.weekly.timezone):
            return rendering
        return replace(rendering, weekly=replace(rendering.weekly, named=False))


def edit_of(
    key: Key,
    conference: Conference,
    entry: Entry | None,
    *,
    source: str,
    policy: Policy,
    now: datetime,
    bounds: Bounds = UNBOUNDED,
) -> Edit:
    """
    Return the entry that follows `entry` when its conference is now `conference`, with its VEVENTs.

    The revision grows only if something visible changed.
    """
    rendering = policy.rendering_to_write(source)
    content = b""
    vevents: dict[str, RenderedVEvent] = {}
    revision = entry.revision if entry else Revision(0, now)
    for variant in policy.variants:
        vevent = to_vevent(
            key,
            conference,
            rendering,
            bounds,
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
    return Edit(Entry(key, conference, revision, content, source, bounds), vevents)


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


def _vtimezone(tzid: str) -> bytes | None:
    """Return the VTIMEZONE of a zone by the bundled data; None where its rules fit none."""
    return render_vtimezone(tzid) if compact_zone(tzid) else None
