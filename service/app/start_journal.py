"""
The journal entries of a start: a new version, changed settings. Only names of settings are recorded.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version as installed_version

from service.app.clock import utc_now
from service.app.journal_writer import JournalWriter
from service.core.journal import FieldChange, Happening, Journal, JournalEntry
from service.settings.model import Settings
from service.settings.paths import secret_of
from service.settings.show import effective

_VERSION = "journal.version"
_SETTINGS = "journal.settings"
_DIGITS = 16
_NO_NAME = ""
_SECRET = "CONFCAL_SECRET"  # noqa: S105 -- its name


async def open_journal(settings: Settings, journal: Journal) -> JournalWriter:
    """Record this start in the journal, and return the writer of the journal. Raises StoreUnavailable."""
    await record_start(journal, settings, secrets_of(settings), installed_version("confcal"), utc_now())
    return JournalWriter(journal, clock=utc_now)


async def record_start(
    journal: Journal, settings: Settings, secrets: Sequence[bytes], version: str, at: datetime
) -> None:
    """
    Record whether the version or the settings changed since the last start. Raises StoreUnavailable.

    Of a setting only a digest under the secret is remembered, so the database does not reveal its value.
    `secrets` are the present one, and the one before it where it is known.
    """
    at = at.replace(microsecond=0)
    before = await journal.recall(_VERSION)
    if before != version:
        change = (FieldChange("version", before, version),)
        entries = [JournalEntry(at, Happening.VERSION_CHANGED, fields=change)] if before else []
        await journal.remember(_VERSION, version, entries)
    digests = digest_settings(settings, secrets[0])
    known = await journal.recall(_SETTINGS)
    text = json.dumps(digests, sort_keys=True)
    if known != text:
        changes = _changes(json.loads(known), settings, secrets) if known else ()
        entries = [JournalEntry(at, Happening.SETTINGS_CHANGED, fields=changes)] if changes else []
        await journal.remember(_SETTINGS, text, entries)


def secrets_of(settings: Settings) -> tuple[bytes, ...]:
    """Return the secret, and the one before it where it is known. Raises SettingsError."""
    previous = settings.previous_secret
    return (secret_of(settings), previous) if previous else (secret_of(settings),)


def digest_settings(settings: Settings, secret: bytes) -> dict[str, str]:
    """
    Return a digest of each setting that was given, by name; secrets count as set or not set.

    The digest under the empty name is that of an empty text: it shows which secret made the others.
    """
    given = {name: value for name, value, given in effective(settings) if given}
    return {
        name: hmac.new(secret, value.encode(), sha256).hexdigest()[:_DIGITS]
        for name, value in {**given, _NO_NAME: ""}.items()
    }


def _changes(
    known: Mapping[str, str], settings: Settings, secrets: Sequence[bytes]
) -> tuple[FieldChange, ...]:
    """Return what changed since `known`; another digest under another secret does not count."""
    candidates = [digest_settings(settings, secret) for secret in secrets]
    used = known.get(_NO_NAME)
    fitting = next((each for each in candidates if used in {each[_NO_NAME], None}), None)
    if fitting is candidates[0]:
        return compare_settings(known, fitting)
    fresh = FieldChange(_SECRET, "set", "set")
    if fitting is None:
        # It is not known what else changed.
        return (fresh,)
    others = (each for each in compare_settings(known, fitting) if each.name != _SECRET)
    return (fresh, *others)


def compare_settings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return which settings were set, left out or changed."""
    return tuple(
        FieldChange(name, "set" if name in before else "", "set" if name in after else "")
        for name in sorted((before.keys() | after.keys()) - {_NO_NAME})
        if before.get(name) != after.get(name)
    )
