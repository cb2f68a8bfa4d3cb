"""
Input that could not be parsed: which part of it is kept, with secrets masked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from service.core.conference import Rejection, Snapshot
from service.core.text import cut, one_line

PEER_ID: Final = "peerId"
"""The field of input that was rejected because of whose it is."""

MAX_RAW = 1024 * 1024
"""Bytes of one input that are kept; a larger one is cut, and can be inspected but not retried."""

_MAX_WORDS = 500

_MANY = 10
"""Up to this many conferences with the same fault are each kept on their own."""

# The quoted words and numbers in a reason differ from one conference to the next.
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\d[\d.,]*""")


@dataclass(frozen=True, slots=True)
class KeepRules:
    """
    The settings `CONFCAL_REJECTED__...`.
    """

    keep: int = 1000
    """This many of the newest are kept ..."""

    keep_for: timedelta = timedelta(days=30)
    """... for this long."""


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
    """How often it was rejected for the same field; of many that are alike, how many they were."""

    number: int = 0
    """Given by the store."""

    @property
    def of_conference(self) -> bool:
        """Whether it is one conference, with or without an id; otherwise it is a frame."""
        return bool(self.conference_id) or self.field == "id"

    @property
    def retriable(self) -> bool:
        """Whether it may be understood when it is tried again: it is known whose it is, and is taken."""
        return bool(self.account) and self.field != PEER_ID

    @property
    def whole(self) -> bool:
        """Whether `raw` is all that arrived."""
        return len(self.raw) < MAX_RAW


def to_rejected_frame(
    source: str, account: str, *, field: str, reason: str, raw: bytes, at: datetime
) -> RejectedInput:
    """Return a frame that could not be used."""
    return RejectedInput(
        source,
        account,
        "",
        cut(one_line(field), _MAX_WORDS),
        cut(one_line(reason), _MAX_WORDS),
        # The part that is cut off need not be searched: an endpoint may send sixty megabytes of it.
        without_secrets(raw[: 2 * MAX_RAW])[:MAX_RAW],
        at,
        at,
    )


@dataclass(frozen=True, slots=True)
class Alike:
    """
    Conferences of one list that were rejected at the same field for the same kind of reason.
    """

    first: Rejection
    count: int

    @property
    def kind(self) -> tuple[str, str]:
        """What they have in common: the field, and the reason without its quotes."""
        return self.first.field, _kind_of(self.first.reason)

    @property
    def many(self) -> bool:
        """Whether they are logged and kept as one input."""
        return self.count > _MANY


def alike(rejections: Iterable[Rejection]) -> tuple[Alike, ...]:
    """
    Return rejections one by one, but those of a kind that occurs more than ten times as one.

    A list may hold twenty thousand conferences with the same fault.
    """
    kinds: dict[tuple[str, str], list[Rejection]] = {}
    for each in rejections:
        kinds.setdefault((each.field, _kind_of(each.reason)), []).append(each)
    found: list[Alike] = []
    for group in kinds.values():
        together = Alike(group[0], len(group))
        found += [together] if together.many else [Alike(each, 1) for each in group]
    return tuple(found)


@lru_cache(maxsize=1024)
def _kind_of(reason: str) -> str:
    return _QUOTED.sub("_", reason)


def merge_rejected(snapshot: Snapshot, group: Alike) -> RejectedInput:
    """Return rejected conferences of one kind as one input: the first of them."""
    first = group.first
    others = f" (and {group.count - 1:,} others alike)" if group.count > 1 else ""
    frame = to_rejected_frame(
        snapshot.source,
        str(snapshot.account),
        field=first.field,
        reason=cut(first.reason, _MAX_WORDS - len(others)) + others,
        raw=first.raw,
        at=snapshot.received_at,
    )
    return replace(frame, conference_id=cut(one_line(first.conference_id), _MAX_WORDS), times=group.count)


# Also in a frame that is cut off or not JSON: the value may lack its end. The lengths are bounded, because
# otherwise a hostile frame would cost quadratic time.
_SECRET = re.compile(
    rb"""
    ( " (?: [\w-]{0,40} (?: token | credentials? | passw(?:or)?d | pwd | secret
                             | api[_-]?key | authorization ) [\w-]{0,40}
          | [\w-]{0,40} pin (?:_?code)? ) " \s* : \s* )
    ( " (?: [^"\\]++ | \\. )*+ "?         # text
    | \[ [^]]* \]? | \{ [^}]* \}?        # what is never sent, but might be
    | [^,}\]\s]+ )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)

# In links, such as those to the management of a conference (`?k=`) and `trueconf:` (`&password=`).
_SECRET_IN_LINK = re.compile(
    rb"""
    ( (?: [?&] | \\u0026 )
      (?: k | key | api_?key | pin | pwd | passw(?:or)?d | secret | (?:access_)?token ) = )
    (?: [^&"\s\\]++ | \\. )++
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_secrets(frame: bytes) -> bytes:
    """Return a frame with the values of tokens, PINs and passwords replaced, also where links hold them."""
    return _SECRET_IN_LINK.sub(rb"\1***", _SECRET.sub(rb'\1"***"', frame))
