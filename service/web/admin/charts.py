"""
Charts as numbers: the length of each bar. The templates draw them beside a table of the same values.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import floor, log10

_MOST_ROWS = 8
_TOPS = (1, 2, 4, 6, 8, 10)
"""Where an axis may end, times a power of ten: all but the first have a round half."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One line of a table with a bar for its value.
    """

    name: str
    value: float
    share: float
    """Of the end of the axis, from 0 to 100."""


@dataclass(frozen=True, slots=True)
class RowChart:
    """
    Lines with bars, and the axis below them.
    """

    rows: tuple[Row, ...]
    ticks: tuple[float, ...]


def ticks_of(most: float) -> tuple[float, ...]:
    """Return the numbers of an axis for values up to `most`: 0, a half where it is round, and the end."""
    if most <= 0:
        return (0, 1)
    power = 10.0 ** floor(log10(most))
    end = next(each for each in _TOPS if each * power >= most)
    halves = () if end == 1 and power == 1 else (end / 2 * power,)
    return (0, *halves, end * power)


def chart_of(values: Mapping[str, float] | Iterable[tuple[str, float]]) -> RowChart:
    """Return the largest values, the largest first, as a chart."""
    pairs = sorted(dict(values).items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_ROWS]
    ticks = ticks_of(max((value for _, value in pairs), default=0))
    return RowChart(
        tuple(Row(name, value, round(100 * value / ticks[-1], 1)) for name, value in pairs), ticks
    )
