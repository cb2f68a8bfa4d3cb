"""
How a terminal shows what needs a person: a numbered list, each with the command for it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

import click
from babel import Locale
from babel.dates import format_datetime

from service.app.findings import CheckReport
from service.commands.speech import choose_language, translate_sentence
from service.commands.table import wrap
from service.core.held import HeldList
from service.core.need_words import describe
from service.core.needs import (
    Disputed,
    Need,
    OpenSecret,
    Room,
    Target,
    VersionBehind,
    ZoneMissing,
)
from service.core.rejected import RejectedInput
from service.core.vevent import Translate

_MARGIN = 4


@dataclass(frozen=True, slots=True)
class EventMoment:
    """
    Writes moments in the organization's zone, in the language of the terminal.
    """

    zone: ZoneInfo
    locale: Locale

    @classmethod
    def of(cls, timezone: str) -> "EventMoment":
        """Return what writes moments for whoever reads this terminal."""
        return cls(ZoneInfo(timezone), Locale(choose_language(os.environ)))

    def __call__(self, at: datetime) -> str:
        """Return a moment: `Thu 26 Nov 09:00`."""
        return format_datetime(at.astimezone(self.zone), "EEE d MMM HH:mm", locale=self.locale)


def render_needs(
    report: CheckReport, width: int | None, gettext: Translate, moment: Callable[[datetime], str]
) -> Iterator[str]:
    """Yield the lines of the list; none where nothing needs anybody."""
    if not report.needs:
        return
    yield ""
    yield click.style(gettext("What needs you"), bold=True)
    for number, need in enumerate(report.needs, 1):
        words = describe(need, gettext, moment)
        line = replace(words, english=translate_sentence(words.english)).line
        first, *others = wrap(line, width, _MARGIN)
        yield f"{number:>2}. {first}"
        for line in (*others, *find_commands(need)):
            yield " " * _MARGIN + line
    yield ""


def find_commands(need: Need) -> tuple[str, ...]:
    """Return the commands that a person may type."""
    match need:
        case HeldList(account):
            return f"confcal keep {account}", f"confcal approve {account}"
        case RejectedInput(number=number, retriable=retriable):
            retry = (f"confcal rejected retry {number}",) if retriable else ()
            return (*retry, f"confcal rejected dismiss {number}")
        case Disputed(conference_id):
            return (f"confcal why {conference_id}",)
        case Room() | Target() | ZoneMissing() | OpenSecret() | VersionBehind():
            return ()
        case _ as unreachable:
            assert_never(unreachable)
