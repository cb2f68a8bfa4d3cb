"""
The settings of calendars with a rule of their own: `CONFCAL_CALENDARS__<NAME>__...`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_settings import NoDecode

from service.calendars.calendar import ALL, COLOR, NAMES
from service.core.nearest import suggest
from service.core.text import cut
from service.core.trueconf_id import TrueConfId
from service.settings.types import AnyCase
from service.trueconf.fields import MODES, mode

_ID = re.compile(r"[^\s@/,]+(@[^\s@/,]+)?")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_SHOWN = 40


def _split(value: object) -> object:
    """Return the parts of a comma-separated text; any other value, like a list in TOML, as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part for part in (written.strip() for written in value.split(",")) if part)


def _check_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not _ID.fullmatch(value):
            raise ValueError(
                f"{cut(value, _SHOWN)!r} is not a TrueConf ID; write IDs like ivanov or "
                "ivanov@video.example.com, separated by commas"
            )
        if fault := TrueConfId.parse(value).fault:
            raise ValueError(f"{cut(value, _SHOWN)!r} is not a TrueConf ID: {fault}")
    return values


def _check_access(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if value.casefold() not in {"private", "public"}:
            raise ValueError(
                f"{cut(value, _SHOWN)!r} is unknown; write private, public, or both with a comma"
            )
    return values


def _check_color(value: str) -> str:
    if value.lower() not in NAMES:
        hint = suggest(value.lower(), NAMES) or "; write one like steelblue, seagreen or firebrick"
        raise ValueError(f"it is not a CSS3 color name{hint}")
    return value.lower()


def _check_title(value: str) -> str:
    if not value.strip():
        raise ValueError("it is empty; write what people should see, or leave it out")
    return value


def _check_modes(values: tuple[str, ...]) -> tuple[str, ...]:
    modes = tuple(mode(value) for value in values)
    for value in modes:
        if value not in MODES:
            raise ValueError(
                f"{cut(value, _SHOWN)!r} is unknown; write {', '.join(MODES)}, or several with commas"
            )
    return modes


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several values: separated by commas in a variable, a list in TOML."""

Ids = Annotated[Words, AfterValidator(_check_ids)]


class CalendarSettings(BaseModel):
    """
    A calendar with a rule: it holds the conferences that meet all its conditions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: Annotated[str, AfterValidator(_check_title)] | None = None
    """What people see; the calendar's name where left out, with REDACT=busy the word "Busy"."""

    owner: Ids = ()
    """Only conferences of these TrueConf IDs (`ivanov`, or `ivanov@server`); several with commas."""

    participant: Ids = ()
    """Only conferences in which one of these IDs takes part: is invited, or owns it."""

    topic: Words = ()
    """
    Only with such a topic: patterns for all of it, with `*` for any text, `?` for any character, in any case.
    """

    mode: Annotated[Words, AfterValidator(_check_modes)] = ()
    """Only of these modes, as TrueConf names them: PxP, OxP, S|L, S|L Auto."""

    access: Annotated[Words, AfterValidator(_check_access)] = ()
    """Only private conferences, or only public ones."""

    account: Ids = ()
    """Only from the lists of these TrueConf users, like `lobby@video.example.com`."""

    redact: Annotated[Literal["full", "busy"], AnyCase] = "full"
    """busy: only the times are shown, not topics, people or links."""

    transparent: bool = False
    """Whether its conferences count as free time, so that people who look for a date see them as free."""

    color: Annotated[str, AfterValidator(_check_color)] = COLOR
    """Color that clients may give it, a CSS3 name."""

    language: Annotated[Literal["en", "ru"] | None, AnyCase] = None
    """Language of its texts; CONFCAL_LANGUAGE where left out."""


def check_names(calendars: Mapping[str, CalendarSettings]) -> Mapping[str, CalendarSettings]:
    """
    Return the calendars unchanged. Raises ValueError for an invalid name, or one that is already taken.

    Calendars of accounts and of people have an `@` in their names.
    """
    for name in calendars:
        if name == ALL:
            raise ValueError(f"{ALL!r} is the calendar of everything; choose another name")
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"{cut(name, _SHOWN)!r} is not a name for a calendar; write letters a-z, digits, dots, "
                "dashes and underscores, at most 64"
            )
    return calendars
