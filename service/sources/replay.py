"""
The replay of recorded events, on the same path as arriving ones.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from service.core.conference import Account, Snapshot
from service.core.errors import FrameRejected, SettingsError
from service.core.pinning import refusal_of, refusal_of_peer
from service.core.rejected import PEER_ID
from service.trueconf.documents import documents
from service.trueconf.events import FrameWasRejected, ListRefused, SnapshotReceived
from service.trueconf.frames import LoggedIn, LoginReply, SystemInfo
from service.trueconf.limits import MOST_NESTING, is_deeper_than
from service.trueconf.session import Session
from service.trueconf.wire import Decoder, list_frame_of

_MOST_NESTING = MOST_NESTING + 2
"""An array of steps holds frames two levels further down."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """
    One frame of a recording.
    """

    frame: bytes
    at: datetime
    source: str
    place: str
    """Where it stands in the file, for messages."""

    number: int = 0
    """Which of the frames it is, from 1."""


@dataclass(frozen=True, slots=True)
class ListWithoutAccount:
    """
    The last list of a conversation that ended before any frame named its account.
    """


Replayed = Snapshot | FrameRejected | ListWithoutAccount


def read_recording(data: bytes, *, source: str, at: datetime) -> list[RecordedFrame]:
    """
    Return the frames of a recording.

    Three forms are valid: the output of `confcal run --record`; an array of `{"delay_s", "frame"}`; and plain
    events, one in the file or one a line. `source` and `at` are defaults for what the file does not say.
    Raises SettingsError if the file holds no frame.
    """
    frames = [replace(each, number=number) for number, each in enumerate(_frames(data, source, at), start=1)]
    if not frames:
        raise SettingsError("the file holds no events; give a recording or a conferenceList event")
    return frames


def _frames(data: bytes, source: str, at: datetime) -> Iterator[RecordedFrame]:
    for line, document in documents(data):
        content = _json(document)
        if isinstance(content, list) and not line:
            yield from _steps(content, source, at)
        elif document.strip():
            yield _parse_step(content, document, source, at, f"line {line}" if line else "the file")


def _steps(steps: list[Any], source: str, at: datetime) -> Iterator[RecordedFrame]:
    for number, step in enumerate(steps, start=1):
        if isinstance(step, dict) and "frame" in step:
            place = f"frame {number}"
            yield RecordedFrame(_octets(step["frame"]), _later(at, step, place), source, place)


def _parse_step(content: object, raw: bytes, source: str, at: datetime, place: str) -> RecordedFrame:
    match content:
        case {"at": str() as moment, "source": str() as name, "frame": str() as text}:
            return RecordedFrame(text.encode(), moment_of(moment, place), name, place)
        case {"at": str() as moment, "source": str() as name, "frame_base64": str() as coded}:
            return RecordedFrame(_decode(coded, place), moment_of(moment, place), name, place)
        case _:
            return RecordedFrame(raw, at, source, place)


def _json(data: bytes) -> Any:  # noqa: ANN401 -- a parsed JSON document is anything
    if is_deeper_than(data, _MOST_NESTING):
        return None
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _octets(frame: object) -> bytes:
    return frame.encode() if isinstance(frame, str) else json.dumps(frame, ensure_ascii=False).encode()


def _decode(coded: str, place: str) -> bytes:
    try:
        return base64.b64decode(coded, validate=True)
    except ValueError as error:
        raise SettingsError(f"{place}: frame_base64 is not base64; record it again") from error


def _later(at: datetime, step: dict[str, Any], place: str) -> datetime:
    delay = step.get("delay_s", 0)
    try:
        return at + timedelta(seconds=float(delay))
    except (TypeError, ValueError, OverflowError) as error:
        raise SettingsError(
            f"{place}: delay_s {delay!r} is not a number of seconds; write one like 2.5"
        ) from error


def moment_of(text: str, place: str) -> datetime:
    """Parse a moment with its zone. Raises SettingsError, which begins with `place`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(
            f"{place}: {text!r} is not a moment; write one like 2026-11-23T10:00:00Z"
        ) from error
    if moment.tzinfo is None:
        raise SettingsError(f"{place}: {text!r} has no zone; write one like 2026-11-23T10:00:00Z")
    return moment


def replay(
    frames: list[RecordedFrame],
    fallback: Callable[[str], Account],
    *,
    servers: Mapping[str, str],
    pinned: Mapping[str, Account] | None = None,
) -> Iterator[tuple[RecordedFrame, Replayed]]:
    """
    Yield the snapshots and the rejected frames of a recording.

    If a source names no user, its lists belong to its `fallback`. `servers` are the domains that the settings
    give sources, in the form for `Session`. `pinned` are the only accounts that pinned sources accept.
    """
    only = pinned or {}
    sessions = {
        name: Session(
            source=name, pin=None, fallback=fallback(name), server=servers.get(name), pinned=only.get(name)
        )
        for name in dict.fromkeys(each.source for each in frames if _names_user(each.frame))
    }
    last: dict[str, RecordedFrame] = {}
    for recorded in frames:
        session = sessions.get(recorded.source)
        if session is None:
            yield recorded, _list(recorded, fallback(recorded.source), only.get(recorded.source))
            continue
        if recorded.source not in last:
            session.start(recorded.at)
        last[recorded.source] = recorded
        for outcome in _receive(session, recorded):
            yield recorded, outcome
    for name, recorded in last.items():
        if sessions[name].has_waiting_list:
            yield recorded, ListWithoutAccount()


def _names_user(frame: bytes) -> bool:
    """Return whether a frame names the logged-in user: then the source is a conversation."""
    if b"peerId" not in frame:
        return False
    try:
        decoded = Decoder().decode(frame)
    except FrameRejected as error:
        return error.field == PEER_ID
    return isinstance(decoded, LoginReply | SystemInfo | LoggedIn)


def _receive(session: Session, recorded: RecordedFrame) -> Iterator[Replayed]:
    for event in session.receive(recorded.frame, recorded.at):
        match event:
            case SnapshotReceived(snapshot):
                yield snapshot
            case ListRefused(reason):
                yield FrameRejected(PEER_ID, reason)
            case FrameWasRejected(field, reason, _):
                yield FrameRejected(field, reason)
            case _:
                pass


def _list(recorded: RecordedFrame, account: Account, pinned: Account | None) -> Replayed:
    try:
        frame = list_frame_of(recorded.frame)
    except FrameRejected as error:
        return error
    refusal = refusal_of_peer(frame.peer_id, pinned) or refusal_of(account, pinned)
    if refusal:
        return FrameRejected(PEER_ID, refusal)
    return Snapshot(account, recorded.source, recorded.at, frame.listing)
