"""
What a need says to a person: a heading and a sentence or two, in their language.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from service.core.held import HeldList
from service.core.needs import (
    Disputed,
    Need,
    OpenSecret,
    Room,
    Target,
    VersionBehind,
    ZoneMissing,
)
from service.core.person import name_with_id
from service.core.rejected import RejectedInput
from service.core.sources import SourceState
from service.core.state_words import EXPLAINED_BY_ERROR, explain_source, explain_target, name_source
from service.core.vevent import Translate
from service.core.zone_notices import ZoneUnset


@dataclass(frozen=True, slots=True)
class NeedText:
    """
    A need in words.
    """

    title: str
    text: str
    english: str = ""
    """What a machine said, in English whatever the language is; empty where nothing did."""

    @property
    def line(self) -> str:
        """All of it in one line."""
        return " ".join(filter(None, (f"{self.title}.", self.text, self.english)))


def describe(  # noqa: PLR0911 -- one for each kind
    need: Need, gettext: Translate, moment: Callable[[datetime], str]
) -> NeedText:
    """Return a need in words; `moment` writes a moment for the reader."""
    match need:
        case HeldList():
            return _describe_held(need, gettext, moment)
        case Room():
            return _describe_room(need, gettext, moment)
        case Target():
            return _describe_target(need, gettext)
        case RejectedInput():
            return _describe_rejected(need, gettext)
        case Disputed(conference_id, server, topic, counts):
            title = gettext("Accounts disagree about %(topic)s (%(id)s)")
            text = gettext(
                "TrueConf tells them different things. Calendars follow %(account)s. Once the lists agree, "
                "this ends by itself."
            )
            words = {"topic": topic, "id": f"{conference_id}, {server}", "account": counts}
            return NeedText(title % words, text % words)
        case ZoneMissing(variable, weekly):
            return NeedText(gettext("The zone is not set"), ZoneUnset(variable, weekly).describe(gettext))
        case OpenSecret(path, holds):
            title = gettext("Others can read secrets")
            text = gettext("%(path)s holds %(names)s, and every user of this machine can read it.")
            if not holds:
                text = gettext("Every user of this machine can look into %(path)s.")
            return NeedText(title, text % {"path": path, "names": holds}, _remedy(need))
        case VersionBehind():
            return _describe_version(need, gettext)
        case _ as unreachable:
            assert_never(unreachable)


def _remedy(need: OpenSecret) -> str:
    return f"chmod {'600' if need.holds else '700'} {need.path}"


def _describe_held(need: HeldList, gettext: Translate, moment: Callable[[datetime], str]) -> NeedText:
    text = gettext(
        "Upcoming conferences that TrueConf no longer lists: %(count)d of %(upcoming)d. Nothing was removed: "
        "a list that short may be a fault."
    ) % {"count": len(need.leaving), "upcoming": need.upcoming}
    if need.applied_at:
        by_itself = gettext("Applied by itself at %(moment)s at the earliest, unless you decide.")
        text = f"{text} {by_itself % {'moment': moment(need.applied_at)}}"
    return NeedText(
        gettext("Held list of %(account)s")
        % {"account": name_with_id(need.display_name or need.account, need.account)},
        text,
    )


def _describe_room(need: Room, gettext: Translate, moment: Callable[[datetime], str]) -> NeedText:
    place = need.place or need.name
    since = gettext("It has been so since %(moment)s.") % {"moment": moment(need.since)}
    said = explain_source(need.state, place, gettext)
    # The title says that it cannot be reached, and the error where.
    if need.state is SourceState.UNREACHABLE and need.place in need.error:
        said = ""
    title = gettext("Room %(name)s: %(state)s") % {
        "name": need.name,
        "state": name_source(need.state, gettext),
    }
    text = " ".join(filter(None, (said, since)))
    return NeedText(title, text, need.error if need.state in EXPLAINED_BY_ERROR else "")


def _describe_target(need: Target, gettext: Translate) -> NeedText:
    title = gettext("Target %(name)s") % {"name": need.name}
    if trouble := explain_target(need.state, gettext):
        return NeedText(title, trouble, need.error)
    text = gettext("Events that the server refuses: %(count)d. The others are published.")
    return NeedText(title, text % {"count": len(need.refused)}, next(iter(need.refused), ""))


def _describe_rejected(need: RejectedInput, gettext: Translate) -> NeedText:
    title = gettext("An event of %(source)s was not understood")
    if need.conference_id:
        title = gettext("Conference %(id)s was not understood")
    text = gettext("What is published of it stays as it was. Source: %(source)s.")
    words = {"id": need.conference_id, "source": need.source}
    return NeedText(title % words, text % words, f"{need.field}: {need.reason}")


def _describe_version(need: VersionBehind, gettext: Translate) -> NeedText:
    title = gettext("Another version")
    words = {"where": need.where, "running": need.running, "known": need.known}
    if need.where:
        text = gettext("The replica %(where)s runs confcal %(running)s, another one %(known)s. Update it.")
    else:
        text = gettext("confcal %(running)s is running, and %(known)s is installed: restart it.")
    return NeedText(title, text % words)
