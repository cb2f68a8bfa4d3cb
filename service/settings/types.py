"""
Types of settings: durations, hours, and choices in any case.
"""

from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

from service.core.quiet import parse_quiet

NO_DURATION = "write seconds, or ISO 8601 like PT15M"
"""What is said of a text that is no duration."""


def parse_duration(value: object) -> object:
    """Return a text as a duration: seconds, or ISO 8601. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        return timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        pass
    try:
        return TypeAdapter(timedelta).validate_python(value)
    except ValidationError as error:
        raise ValueError(NO_DURATION) from error


_LONGEST = timedelta(days=36500)
"""The longest duration: a moment this long before or after the present is still a valid date."""

Duration = Annotated[timedelta, BeforeValidator(parse_duration), Field(le=_LONGEST)]


def iso(duration: timedelta) -> str:
    """Return a duration as an operator writes it: `PT15M`, `P1D`."""
    days, seconds = duration.days, duration.seconds
    if days and not seconds:
        return f"P{days}D"
    hours, minutes, seconds = days * 24 + seconds // 3600, seconds % 3600 // 60, seconds % 60
    parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    return "PT" + ("".join(f"{n}{unit}" for n, unit in parts if n) or "0S")


def check_quiet(text: str) -> str:
    """Return quiet hours as they were written. Raises ValueError with the remedy."""
    parse_quiet(text)
    return text.strip()


def _to_lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


AnyCase = BeforeValidator(_to_lower)
"""Lets a choice of few words be written in any case: INFO is info, JSON is json."""
