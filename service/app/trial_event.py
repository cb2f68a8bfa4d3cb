"""
A test event that is written to a target and removed again, for `confcal check --write`.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from service.core.ical import PRODID, fold
from service.publishing.model import Create, Delete, Publication, Resource
from service.publishing.ports import Publisher

_FORM = "%Y%m%dT%H%M%SZ"


async def write_and_remove(publisher: Publisher, now: datetime) -> None:
    """
    Write one event that ended yesterday, and remove it. Raises PublishError.

    It counts as free time and has no alarm, so that it disturbs nobody.
    """
    resource = render_trial(now)
    written = await publisher.apply(Create(resource))
    if isinstance(written, Publication):
        await publisher.apply(Delete(written))


def render_trial(now: datetime) -> Resource:
    """Return the event; each has a UID of its own."""
    uid, begin = f"confcal-check-{uuid4()}", now - timedelta(days=1)
    lines = (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{PRODID}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{now:{_FORM}}",
        f"DTSTART:{begin:{_FORM}}",
        f"DTEND:{begin + timedelta(minutes=1):{_FORM}}",
        "SUMMARY:confcal check",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    )
    return Resource.of(uid, b"".join(map(fold, lines)))
