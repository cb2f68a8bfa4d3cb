"""
What the journal tells of a start: another version, other settings. Values are never told, only names.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version as installed_version

from service.app.clock import utc_now
from service.app.journal_writer import JournalWriter
from service.app.synchronizer import Synchronizer
from service.core.journal import FieldChange, Happening, Journal, JournalEntry
from service.settings.model import Settings
from service.settings.paths import secret_of
from service.settings.show import effective

_VERSION = "journal.version"
_SETTINGS = "journal.settings"
_DIGITS = 16


async def open_journal(settings: Settings, journal: Journal, synchronizer: Synchronizer) -> JournalWriter:
    """Have the journal tell of this start, and return what writes into it. Raises StoreUnavailable."""
    await tell_start(journal, settings, secret_of(settings), installed_version("confcal"), utc_now())
    heard = {name: synchronizer.state.latest_from(name) for name in settings.sources}
    writer = JournalWriter(journal, clock=utc_now)
    await writer.recall(settings.sources, {name: known.account for name, known in heard.items() if known})
    return writer


async def tell_start(journal: Journal, settings: Settings, secret: bytes, version: str, at: datetime) -> None:
    """
    Write whether the version or the settings are others than at the last start. Raises StoreUnavailable.

    Of a setting only a digest under the secret is remembered: nobody learns from the database what it is.
    """
    at = at.replace(microsecond=0)
    before = await journal.recall(_VERSION)
    if before != version:
        change = (FieldChange("version", before, version),)
        entries = [JournalEntry(at, Happening.VERSION_CHANGED, fields=change)] if before else []
        await journal.remember(_VERSION, version, entries)
    digests = digest_settings(settings, secret)
    known = await journal.recall(_SETTINGS)
    text = json.dumps(digests, sort_keys=True)
    if known != text:
        changes = compare_settings(json.loads(known), digests) if known else ()
        entries = [JournalEntry(at, Happening.SETTINGS_CHANGED, fields=changes)] if changes else []
        await journal.remember(_SETTINGS, text, entries)


def digest_settings(settings: Settings, secret: bytes) -> dict[str, str]:
    """Return a digest of each setting that was given, by name; secrets count as set or not set."""
    return {
        name: hmac.new(secret, value.encode(), sha256).hexdigest()[:_DIGITS]
        for name, value, given in effective(settings)
        if given
    }


def compare_settings(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Return which settings were set, left out or changed."""
    return tuple(
        FieldChange(name, "set" if name in before else "", "set" if name in after else "")
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
