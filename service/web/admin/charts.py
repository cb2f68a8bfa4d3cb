"""
Charts as numbers: the position of each bar. The templates draw them beside a table of the same values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.web.schemas import Hour

WIDTH, HEIGHT = 360, 96
_GAP = 4
_MOST_ROWS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """
    One bar of a chart with time from left to right.
    """

    start: datetime
    value: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a table with a bar for its value.
    """

    name: str
    value: float
    share: float
    """Of the largest one, from 0 to 100."""


def bars_of(hours: Sequence[Hour]) -> tuple[Bar, ...]:
    """Return a bar for each hour; an hour without lists has a bar of no height."""
    if not hours:
        return ()
    most = max(1, *(hour.lists for hour in hours))
    step = WIDTH / len(hours)
    bars = []
    for number, hour in enumerate(hours):
        height = round(HEIGHT * hour.lists / most, 1)
        bars.append(
            Bar(
                hour.start,
                hour.lists,
                round(number * step + _GAP / 2, 1),
                round(HEIGHT - height, 1),
                round(step - _GAP, 1),
                height,
            )
        )
    return tuple(bars)


def rows_of(values: Mapping[str, float] | Iterable[tuple[str, float]]) -> tuple[Row, ...]:
    """Return the largest values, the largest first."""
    pairs = sorted(dict(values).items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_ROWS]
    most = max((value for _, value in pairs), default=0) or 1
    return tuple(Row(name, value, round(100 * value / most, 1)) for name, value in pairs)
