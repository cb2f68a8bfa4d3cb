"""
Input that could not be understood, kept for a look and for another try.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from service.core.conference import Snapshot
from service.core.masking import without_secrets
from service.core.text import cut, one_line

MAX_RAW = 1024 * 1024
"""Octets of one input that are kept; a larger one is cut, and can be looked at but not tried again."""

_MAX_WORDS = 500


@dataclass(frozen=True, slots=True)
class KeepRules:
    """
    The settings `CONFCAL_REJECTED__...`.
    """

    keep: int = 1000
    """So many of the newest are kept ..."""

    keep_for: timedelta = timedelta(days=30)
    """... for so long."""


@dataclass(frozen=True, slots=True)
class RejectedInput:
    """
    A conference, or a whole frame.
    """

    source: str
    account: str
    """Whose list it was, as far as it was known; otherwise empty."""

    conference_id: str
    field: str
    reason: str
    raw: bytes
    """What arrived, its secrets masked, cut at MAX_RAW."""

    first_at: datetime
    last_at: datetime
    times: int = 1
    """How often the same input was rejected for the same field."""

    number: int = 0
    """Given by the store."""

    @property
    def of_conference(self) -> bool:
        """Whether it is one conference, be it without an id; otherwise a frame."""
        return bool(self.conference_id) or self.field == "id"

    @property
    def whole(self) -> bool:
        """Whether `raw` is all that arrived."""
        return len(self.raw) < MAX_RAW


def rejected_frame(
    source: str, account: str, *, field: str, reason: str, raw: bytes, at: datetime
) -> RejectedInput:
    """Return a frame that could not be used."""
    return RejectedInput(
        source,
        account,
        "",
        cut(one_line(field), _MAX_WORDS),
        cut(one_line(reason), _MAX_WORDS),
        # What is cut off need not be searched: an endpoint may send sixty megabytes of it.
        without_secrets(raw[: 2 * MAX_RAW])[:MAX_RAW],
        at,
        at,
    )


def rejected_conferences(snapshot: Snapshot) -> tuple[RejectedInput, ...]:
    """Return the conferences of a list that could not be understood."""
    return tuple(
        replace(
            rejected_frame(
                snapshot.source,
                str(snapshot.account),
                field=rejection.field,
                reason=rejection.reason,
                raw=rejection.raw,
                at=snapshot.received_at,
            ),
            conference_id=cut(one_line(rejection.conference_id), _MAX_WORDS),
        )
        for rejection in snapshot.listing.rejections
    )
