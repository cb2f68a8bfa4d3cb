"""
The decoder of text frames. Whatever arrives, it raises only FrameRejected.

An unchanged conference costs a dictionary lookup: the list is split into raw slices first, and a slice
seen in the list before gives back the very Conference made from it then. Sizes are judged before anything
is built: what a frame may hold is in `limits`.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from service.core.conference import Conference, Listing, Rejection
from service.core.errors import FrameRejected
from service.core.rejected import MAX_RAW
from service.trueconf.documented import read_documented
from service.trueconf.entry import entry_of
from service.trueconf.envelope import Head, check_around, entries_of, id_of, open_frame, peer_of, value_of
from service.trueconf.frames import Frame, ListFrame, frame_of, is_no, name
from service.trueconf.lenient_json import to_bytes
from service.trueconf.limits import (
    FRAME,
    MOST_CONFERENCE_OCTETS,
    Limits,
    check_nesting,
    check_other,
    check_size,
    octets_as_text,
)

ParsedEntry = Conference | Rejection

_LEVELS_OF_A_LIST: Final = 2
"""The object that the frame is, and its list."""
_REMEMBERED_WHOLE: Final = 4 * 2**20
"""Lists up to this many bytes also have their rejections remembered."""

LIST_REFUSED: Final = "result"
"""The field of a FrameRejected that says that the endpoint would not give its list."""


class Decoder:
    """
    Decodes the frames of one source, remembering the entries of its last list.

    Use it in any thread, but in one at a time.
    """

    def __init__(self, most: Limits = FRAME) -> None:
        self._known: Mapping[bytes, ParsedEntry] = {}
        self._most = most

    def decode(self, data: str | bytes) -> Frame:
        """
        Return the frame that `data` holds.

        Raises FrameRejected for broken JSON, for anything but an object, for more than the limits allow, and
        for a list that says `result: false` or `succeed: false`, or whose `conferences` is not a list. The
        field is LIST_REFUSED where the endpoint would not give the list, also where an error stands in its
        place.
        """
        text = to_bytes(data)
        check_size(text, self._most)
        frame, head = open_frame(text, self._most)
        check_around(frame, head)
        if not _is_list(head):
            check_other(frame, self._most)
            return frame_of(value_of(frame))
        _check(head)
        entries, peer_id = entries_of(head.conferences), peer_of(head)
        return ListFrame(self._listing(entries, head), peer_id)

    def _listing(self, raws: list[bytes], head: Head) -> Listing:
        known = self._known
        entries = [known.get(raw) or _entry(raw) for raw in raws]
        # The rejected entries of a long list are not kept in memory.
        whole = sum(map(len, raws)) <= _REMEMBERED_WHOLE
        self._known = {
            raw: entry
            for raw, entry in zip(raws, entries, strict=True)
            if whole or isinstance(entry, Conference)
        }
        conferences, rejections = _sift(raws, entries)
        return Listing(conferences, rejections, tuple(_doubts(head, len(raws))))


def list_of(data: str | bytes, most: Limits = FRAME) -> Listing:
    """
    Return the list that one frame on its own holds.

    Raises FrameRejected as `Decoder.decode` does, and for a frame that is not a list.
    """
    return list_frame_of(data, most).listing


def list_frame_of(data: str | bytes, most: Limits = FRAME) -> ListFrame:
    """Return the frame of a list. Raises FrameRejected as `list_of` does."""
    match Decoder(most).decode(data):
        case ListFrame() as frame:
            return frame
        case _:
            raise FrameRejected("method", "not a conferenceList event nor a getScheduler reply")


def _is_list(head: Head) -> bool:
    method, event = name(head.method), name(head.event)
    named = method == "getscheduler" or event == "conferencelist"
    return named or (head.conferences is not None and not event and method in {"", "event"})


def _check(head: Head) -> None:
    # A refusal or a failure is not an empty list: nothing may be concluded from it.
    if is_no(head.result):
        raise FrameRejected(LIST_REFUSED, "false: the endpoint refused the list")
    if head.error and head.conferences is None:
        raise FrameRejected(LIST_REFUSED, "the endpoint answered with an error in place of the list")
    if is_no(head.succeed):
        raise FrameRejected("succeed", "false: the endpoint could not fetch the list")


def _entry(raw: bytes) -> ParsedEntry:
    """Decode a slice. Raises FrameRejected where it is nested too deeply."""
    check_nesting(raw, within=_LEVELS_OF_A_LIST)
    if len(raw) > MOST_CONFERENCE_OCTETS:
        most = octets_as_text(MOST_CONFERENCE_OCTETS)
        return Rejection(
            id_of(raw), "conferences", f"larger than {most}, the most that is taken", raw[:MAX_RAW]
        )
    try:
        return read_documented(raw) or entry_of(value_of(raw), raw=raw)
    except FrameRejected as error:
        return Rejection("", "conferences", error.reason, raw)


def _sift(
    raws: list[bytes], entries: list[ParsedEntry]
) -> tuple[tuple[Conference, ...], tuple[Rejection, ...]]:
    """
    Return the conferences, one per id and in the order of the list, and the rejections.

    Entries of one id that look the same are one conference. If they differ, or one of them is rejected, no
    entry of that id is taken, because the right one is unknown.
    """
    conferences: dict[str, Conference] = {}
    rejections: dict[Rejection, None] = {}
    differing: set[str] = set()
    for entry in entries:
        if isinstance(entry, Rejection):
            rejections[entry] = None
            continue
        first = conferences.setdefault(entry.id, entry)
        if first is not entry and first != entry:
            differing.add(entry.id)
    if differing:
        rejections |= dict.fromkeys(_find_contested(raws, entries, differing))
    for rejection in rejections:
        conferences.pop(rejection.conference_id, None)
    return tuple(conferences.values()), tuple(rejections)


def _find_contested(raws: list[bytes], entries: list[ParsedEntry], ids: set[str]) -> Iterable[Rejection]:
    twins: dict[str, list[bytes]] = {}
    for raw, entry in zip(raws, entries, strict=True):
        if isinstance(entry, Conference) and entry.id in ids:
            twins.setdefault(entry.id, []).append(raw)
    for conference_id, versions in twins.items():
        everything = b"[" + b",".join(versions) + b"]"
        yield Rejection(conference_id, "id", "listed twice with different content", everything)


def _doubts(head: Head, length: int) -> Iterable[str]:
    """Yield why absence from this list proves nothing."""
    match head.cnt:
        case None:
            pass
        case bool():
            yield "cnt is not a number"
        case int() | float() as count if count != length:
            yield f"cnt says {str(count)[:20]}, the list has {length}"
        case int() | float():
            pass
        case str() as digits if digits.strip().lstrip("-").isdecimal():
            if digits.strip() != str(length):
                yield f"cnt says {digits.strip()[:20]}, the list has {length}"
        case _:
            yield "cnt is not a number"
    if head.error:
        yield "the list carries an error"
