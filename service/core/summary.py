"""
The daily digest: what happened since yesterday, and what waits for people.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from service.core.journal import Happening, JournalEntry
from service.core.notifications import Message, NotifyRules, NotifyState, Phase, put


def digest_since(state: NotifyState, rules: NotifyRules, now: datetime) -> datetime | None:
    """Return the start of the day that a digest due at `now` covers; None if none is due."""
    local = now.astimezone(rules.zone)
    if rules.digest is None or local.time() < rules.digest:
        return None
    if state.digest_on is not None and state.digest_on >= local.date():
        return None
    yesterday = local.date() - timedelta(days=1)
    return datetime.combine(yesterday, rules.digest, rules.zone)


def add_digest(
    state: NotifyState, entries: Sequence[JournalEntry], rules: NotifyRules, *, since: datetime, now: datetime
) -> NotifyState:
    """Return the state with a digest of these entries in its outbox."""
    happenings = [entry.event for entry in entries]
    numbers = {event.value: happenings.count(event) for event in _COUNTED if event in happenings}
    numbers["open"] = len(state.troubles)
    message = Message(Phase.DIGEST, None, "", since, now, numbers=numbers)
    return put(replace(state, digest_on=now.astimezone(rules.zone).date()), message)


_COUNTED = (
    Happening.CONFERENCE_ADDED,
    Happening.CONFERENCE_CHANGED,
    Happening.CONFERENCE_REMOVED,
    Happening.LIST_HELD,
    Happening.SOURCE_DOWN,
    Happening.TARGET_REFUSED,
)
