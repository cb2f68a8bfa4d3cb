"""
The views that the dashboard shows and the API returns. Moments are in UTC.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from service.core.sources import SourceState
from service.core.target_state import TargetState
from service.web.replica_views import ReplicaView

SettingOrigin = Literal["environment", "file", "secret file", "command line", "default", ""]
CalendarKind = Literal["all", "rule", "account", "person"]
T = TypeVar("T")


class _View(msgspec.Struct, frozen=True):
    pass


def to_views(view: type[T], values: Iterable[object]) -> tuple[T, ...]:
    """Return each value as the view that has fields of the same names."""
    return tuple(msgspec.convert(each, view, from_attributes=True) for each in values)


class SourceView(_View, frozen=True):
    """
    How one source of lists is doing.
    """

    name: str
    kind: Literal["endpoint", "events"]
    """`endpoint` is connected to; `events` only takes what is posted for it."""

    state: SourceState
    """`waiting` is that of a source of events to which none was posted yet."""

    account: str
    """Whose lists arrive, `user@server`; empty before the first one."""

    since: datetime
    """When it came into this state."""

    last_list_at: datetime | None = None
    next_poll_at: datetime | None = None
    error: str = ""
    """One sentence, empty where nothing is wrong."""

    place: str = ""
    """Host and port of an endpoint."""

    held_by: str = ""
    """The other replica that listens to it, and says how it is doing; empty where this one does."""

    display_name: str = ""
    quiet: bool = False
    """Whether it is silent as its quiet hours say."""


class PersonView(_View, frozen=True):
    """
    Somebody by ID and by what they are called, the ID where no conference names them.
    """

    id: str
    display_name: str


class NextMeeting(_View, frozen=True):
    """
    The next conference of a calendar.
    """

    topic: str
    start: datetime
    end: datetime


class CalendarView(_View, frozen=True):
    """
    One calendar with its secret addresses.
    """

    name: str
    title: str
    kind: CalendarKind
    redaction: Literal["full", "busy"]
    events: int
    """Conferences with a schedule."""

    next: NextMeeting | None
    subscribers: int
    """Clients that asked for it within the last two days, counted coarsely since the daemon's start."""

    requests: int
    """How often it was asked for within the last day, since the daemon's start."""

    rotations: int
    feed_url: str
    page_url: str
    display_name: str
    """What the person or account is called that it is of, else the title."""

    fetched_at: datetime | None = None
    """When it was fetched last, within two days and since the daemon's start."""

    fetched_by: str = ""
    """The program that fetched it, as it names itself."""


class CalendarList(_View, frozen=True):
    """
    Some of the calendars, in order.
    """

    calendars: tuple[CalendarView, ...]
    total: int
    """How many there are that match."""

    after: str
    """What to send as `after` for the following ones; empty at the end."""


class ParkedView(_View, frozen=True):
    """
    A resource that a target refused; the others go on.
    """

    uid: str
    reason: str
    since: datetime


class TargetView(_View, frozen=True):
    """
    How publishing to one CalDAV collection is doing.
    """

    name: str
    state: TargetState
    calendar: str
    pending: int
    """Resources that wait to be written."""

    last_pass_at: datetime | None = None
    lag_seconds: float | None = None
    """How long the last change took from its list to the server."""

    error: str = ""
    parked: tuple[ParkedView, ...] = ()
    held_by: str = ""
    """The other replica that publishes to it, and has its numbers; empty where this one does."""


class Missing(_View, frozen=True):
    """
    A conference that a held list would remove.
    """

    id: str
    topic: str
    start: datetime | None = None
    """When it meets next; null where it has no schedule."""


class HeldView(_View, frozen=True):
    """
    A list whose removals wait for an approval.
    """

    account: str
    since: datetime
    lists: int
    """How many lists in a row agree."""

    upcoming: int
    """How many upcoming conferences the account has."""

    digest: str
    """Stands for what is missing: send it with the approval, so that nothing else is removed."""

    leaving: tuple[Missing, ...] = msgspec.field(name="missing")
    """The soonest first."""

    kept: bool = False
    """Whether somebody decided that they stay."""

    applied_at: datetime | None = None
    """The earliest moment at which further lists that agree apply it by themselves; null where it is kept."""

    display_name: str = ""


class ReportView(_View, frozen=True):
    """
    What one account reports of a conference in dispute.
    """

    account: str
    display_name: str
    topic: str
    kind: str
    """`none`, `once` or `week`."""

    start: datetime | None
    """Of the single meeting, or of the series as TrueConf reports it."""

    changed_at: datetime | None
    """When this account last reported something else; null where that is not known."""


class DisputeView(_View, frozen=True):
    """
    A conference that accounts keep reporting differently.
    """

    id: str
    server: str
    topic: str
    counts: str
    """The account whose report counts for now."""

    counts_display_name: str
    reports: tuple[ReportView, ...] = msgspec.field(name="told")


class ConferenceView(_View, frozen=True):
    """
    A conference that runs now, or a room without a schedule.
    """

    id: str
    server: str
    topic: str
    owner: str
    owner_display_name: str


class StatusView(_View, frozen=True):
    """
    The daemon as a whole.
    """

    version: str
    url: str
    """The address that feeds are handed out under."""

    started_at: datetime
    ready: bool
    """Whether there was ever a list to make a calendar of."""

    accounts: int
    conferences: int
    calendars: int
    held: int
    running: tuple[ConferenceView, ...]
    rooms: tuple[ConferenceView, ...]
    zone_data: str
    """The version of the zone data in use."""

    warnings: tuple[str, ...]
    replicas: tuple[ReplicaView, ...] = ()
    """The processes that share the database, this one among them."""


class ActivityView(_View, frozen=True):
    """
    The last day in numbers, since the daemon's start.
    """

    requests: dict[str, int]
    """By calendar."""


class SettingView(_View, frozen=True):
    """
    One setting in effect; secrets are masked.
    """

    name: str
    value: str
    given: bool
    """Whether it was set; otherwise it is the default."""

    origin: SettingOrigin
    """Where it was set; empty where nobody kept it. A secret from a file is shown as its `_FILE`."""

    place: str = ""
    """The file that sets it; empty for the environment."""
