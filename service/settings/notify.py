"""
The settings of messages to people.
"""

import re
from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from service.core.nearest import suggest
from service.core.notifications import DEFAULT_EVENTS, NotifyEvent
from service.settings.calendars import Words
from service.settings.types import Duration

_NAME = re.compile(r"[^\W_][\w-]{0,63}")


def _events(words: tuple[str, ...]) -> tuple[str, ...]:
    known = [event.value for event in NotifyEvent]
    lowered = tuple(word.lower() for word in words)
    for word in lowered:
        if word not in known:
            near = suggest(word, known) or f"; it may be {', '.join(known)}"
            raise ValueError(f"{word!r} is not an event of messages{near}")
    return lowered


def _time_of_day(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    try:
        hour, minute = value.strip().split(":")
        return time(int(hour), int(minute))
    except ValueError as error:
        raise ValueError("write a time of day, like 08:00") from error


def check_channel_names(channels: "dict[str, NotifySettings]") -> "dict[str, NotifySettings]":
    """Return the channels. Raises ValueError for a name that cannot stand in a variable."""
    for name in channels:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is not a name for a channel; use letters, digits, _ and -")
    return channels


class NotifySettings(BaseModel):
    """
    A channel on which people get messages.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: SecretStr
    """Where messages go, as Apprise writes it: `mailto://`, `tgram://`, `slack://`, `mmost://`, `json://`."""

    events: Annotated[Words, AfterValidator(_events)] = tuple(sorted(DEFAULT_EVENTS))
    """The events that are announced: room_silent, held, target_incomplete, dispute, login_changed,
    link_rotated, version_changed."""

    after: Duration = Field(default=timedelta(minutes=5), ge=timedelta())
    """A trouble is announced when it has lasted this long. One that is over by then is not announced."""

    digest: Annotated[time | None, BeforeValidator(_time_of_day)] = None
    """Time of day, like 08:00 in CONFCAL_TIMEZONE, at which a summary of the last day is sent."""
