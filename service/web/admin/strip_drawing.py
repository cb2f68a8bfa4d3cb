"""
Strips as shapes: runs of half hours in one state, the worse the taller. No colour is needed to read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from service.core.errors import StoreUnavailable
from service.core.strip import SLOT, SLOTS, SlotState
from service.web.queries import AdminQueries
from service.web.strips import SlotView, read_strips

HEIGHT: Final = 24
_STEP: Final = 4
_BAR: Final = 3
WIDTH: Final = SLOTS * _STEP

_HEIGHTS: Final = {
    SlotState.UNKNOWN: 1,
    SlotState.LISTS: 8,
    SlotState.IN_STEP: 8,
    SlotState.QUIET: 3,
    SlotState.SILENCE: 15,
    SlotState.BEHIND: 15,
    SlotState.TROUBLE: HEIGHT,
    SlotState.DOWN: HEIGHT,
}
_TONES: Final = {
    SlotState.LISTS: "good",
    SlotState.IN_STEP: "good",
    SlotState.SILENCE: "warn",
    SlotState.BEHIND: "warn",
    SlotState.TROUBLE: "bad",
    SlotState.DOWN: "bad",
}
_WORTH_WORDS: Final = frozenset(_TONES) - {SlotState.LISTS, SlotState.IN_STEP}
_MOST_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Run:
    """
    Consecutive half hours in one state.
    """

    start: datetime
    end: datetime
    state: SlotState
    tone: str
    path: str
    """A bar for each half hour, as the `d` of an SVG path."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    A strip as a drawing, and what its sentence says.
    """

    runs: tuple[Run, ...]
    faults: tuple[Run, ...]
    """Those that were not in order, the latest first."""

    more: int
    """How many further ones are left out."""

    known: bool
    """Whether anything is known of the day."""


Strips = dict[tuple[str, str], Drawing]
"""By kind and name."""


def draw(slots: Sequence[SlotView], now: datetime) -> Drawing:
    """Return the drawing of a strip; its last run ends now."""
    runs = []
    for state, numbered in groupby(enumerate(slots), key=lambda pair: pair[1].state):
        some = list(numbered)
        height = _HEIGHTS[state]
        path = "".join(f"M{number * _STEP} {HEIGHT}v-{height}h{_BAR}v{height}z" for number, _ in some)
        end = min(some[-1][1].start + SLOT, max(now, some[0][1].start + timedelta(minutes=1)))
        runs.append(Run(some[0][1].start, end, state, _TONES.get(state, ""), path))
    odd = [run for run in reversed(runs) if run.state in _WORTH_WORDS]
    known = any(slot.state is not SlotState.UNKNOWN for slot in slots)
    return Drawing(tuple(runs), tuple(odd[:_MOST_WORDS]), len(odd[_MOST_WORDS:]), known)


async def draw_strips(queries: AdminQueries) -> Strips:
    """Return the drawings of all sources and targets; none while the database cannot be read."""
    now = queries.now()
    try:
        strips = await read_strips(queries)
    except StoreUnavailable:
        return {}
    return {(each.kind, each.name): draw(each.slots, now) for each in strips}
