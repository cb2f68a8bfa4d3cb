"""
Frames that no endpoint should send: the samples, damaged in every way one can think of.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.conftest import SAMPLES

VALUES: tuple[Any, ...] = (
    None,
    True,
    "",
    "text",
    "\ud800",
    "\x00\x1f",
    0,
    -1,
    10**30,
    1e308,
    [],
    {},
    [[]],
    {"id": {}},
    [None] * 7,
    "2026-13-45T99:99:99Z",
)


def samples() -> list[bytes]:
    """Return the frames that carry lists."""
    found = [path.read_bytes() for path in sorted(SAMPLES.glob("*.json"))]
    return [frame for frame in found if b'"conferences"' in frame and b"delay_s" not in frame]


def mutations(seed: int) -> Iterator[bytes]:
    """Yield damaged frames without end, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 -- no secret depends on it
    frames = samples()
    while True:
        yield chance.choice(WAYS)(chance.choice(frames), chance)


def truncated(frame: bytes, chance: random.Random) -> bytes:
    return frame[: chance.randrange(len(frame))]


def flipped(frame: bytes, chance: random.Random) -> bytes:
    octets = bytearray(frame)
    for _ in range(chance.randint(1, 8)):
        octets[chance.randrange(len(octets))] ^= 1 << chance.randrange(8)
    return bytes(octets)


def of_another_type(frame: bytes, chance: random.Random) -> bytes:
    return _with_value(frame, chance, lambda _: chance.choice(VALUES))


def huge_number(frame: bytes, chance: random.Random) -> bytes:
    return _with_value(frame, chance, lambda _: "HUGE").replace(
        b'"HUGE"', b"9" * chance.choice((20, 400, 5000))
    )


def deep(frame: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((50, 900, 20_000))
    return _with_value(frame, chance, lambda _: "DEEP").replace(b'"DEEP"', b"[" * depth + b"]" * depth)


def doubled_key(frame: bytes, chance: random.Random) -> bytes:
    marks = [at for at in range(len(frame)) if frame.startswith((b'"id"', b'"schedule"', b'"cnt"'), at)]
    if not marks:
        return truncated(frame, chance)
    at = chance.choice(marks)
    key = frame[at : frame.index(b'"', at + 1) + 1]
    return frame[:at] + key + b":" + json.dumps(chance.choice(VALUES)).encode() + b"," + frame[at:]


def without_a_key(frame: bytes, chance: random.Random) -> bytes:
    places = list(_places(content := _parsed(frame)))
    if not places:
        return truncated(frame, chance)
    holder, key = chance.choice(places)
    del holder[key]
    return json.dumps(content).encode()


def spliced(frame: bytes, chance: random.Random) -> bytes:
    at, to = sorted(chance.randrange(len(frame)) for _ in range(2))
    return frame[:at] + frame[to:]


WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    truncated,
    flipped,
    of_another_type,
    huge_number,
    deep,
    doubled_key,
    without_a_key,
    spliced,
)


def _with_value(frame: bytes, chance: random.Random, other: Callable[[Any], Any]) -> bytes:
    places = list(_places(content := _parsed(frame)))
    if not places:
        return truncated(frame, chance)
    holder, key = chance.choice(places)
    holder[key] = other(holder[key])
    return json.dumps(content).encode()


def _parsed(frame: bytes) -> Any:
    try:
        return json.loads(frame)
    except ValueError:
        return {}


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield value, key
        yield from _places(each)
