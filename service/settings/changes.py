"""
The difference between the settings in force and those read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from service.settings.model import PREFIX, Settings

FIXED: Final = ("host", "port", "data_dir", "database_url", "secret")
"""Settings that only a restart changes: sockets, storage, and what all addresses derive from."""


@dataclass(frozen=True, slots=True)
class Difference:
    """
    Names that were added, removed, or have other settings now.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """
    The settings that can come into force while the daemon runs.
    """

    settings: Settings
    sources: Difference
    targets: Difference
    calendars: Difference
    others: tuple[str, ...]
    """Variables of other settings that differ."""

    fixed: tuple[str, ...]
    """Variables that differ and wait for a restart; `settings` has their old values."""


def compare_settings(before: Settings, after: Settings) -> SettingsChange:
    """Return what can be changed from `before` to `after`, and what waits for a restart."""
    fixed = tuple(name for name in FIXED if getattr(before, name) != getattr(after, name))
    settings = after.model_copy(update={name: getattr(before, name) for name in fixed})
    tables = ("sources", "targets", "calendars")
    others = tuple(
        _variable(name)
        for name in type(after).model_fields
        if name not in (*FIXED, *tables) and getattr(before, name) != getattr(after, name)
    )
    sources, targets, calendars = (_compare(getattr(before, name), getattr(after, name)) for name in tables)
    return SettingsChange(settings, sources, targets, calendars, others, tuple(map(_variable, fixed)))


def _compare(before: Mapping[str, object], after: Mapping[str, object]) -> Difference:
    return Difference(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and before[name] != after[name]),
    )


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"
