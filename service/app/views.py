"""
What the dashboard and the API show of sources, targets and settings.
"""

from datetime import datetime

from service.core.conference import Snapshot
from service.core.needs import LastList
from service.core.sources import SourceState
from service.publishing.target_status import TargetStatus
from service.settings.show import Effective
from service.sources.posted import PostedEventsStatus
from service.sources.status import SourceStatus
from service.web.schemas import (
    ParkedView,
    SettingOrigin,
    SettingView,
    SourceView,
    TargetView,
)


def endpoint_view(status: SourceStatus, next_poll_at: datetime | None, where: str = "") -> SourceView:
    """Return how an endpoint is doing."""
    return SourceView(
        status.name,
        "endpoint",
        status.state,
        str(status.account or ""),
        status.since,
        status.last_list_at,
        next_poll_at if status.state == SourceState.LISTENING else None,
        status.error,
        where,
    )


def intake_view(status: PostedEventsStatus) -> SourceView:
    """Return how a source is doing to which events are posted."""
    return SourceView(
        status.name,
        "events",
        status.state,
        str(status.account),
        status.since,
        status.last_list_at,
        error=status.error,
    )


def to_last_list(snapshot: Snapshot) -> LastList:
    """Return a list as far as it says whether rejected input is cured."""
    listing = snapshot.listing
    rejected = frozenset(each.conference_id for each in listing.rejections)
    return LastList(snapshot.received_at, not listing.doubts, rejected)


def target_view(status: TargetStatus) -> TargetView:
    """Return how a target is doing."""
    return TargetView(
        status.name,
        status.state,
        status.calendar,
        status.pending,
        status.last_pass_at,
        status.lag_seconds,
        status.error,
        tuple(ParkedView(row.uid, row.reason, since) for row, since in status.parked.items()),
    )


def setting_view(setting: Effective) -> SettingView:
    """Return a setting in effect, with where it was set."""
    said_in = setting.origin.said_in if setting.origin else None
    return SettingView(
        setting.variable, setting.value, setting.given, _kind_of_origin(setting), str(said_in or "")
    )


def _kind_of_origin(setting: Effective) -> SettingOrigin:
    origin = setting.origin
    if origin is None:
        return "" if setting.given else "default"
    if origin.by_option:
        return "command line"
    if origin.value_in:
        return "secret file"
    return "file" if origin.said_in else "environment"
