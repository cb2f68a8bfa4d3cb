"""
Days by their hours: which rows a meeting covers, and which lane it has among those at the same time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from service.web.pages.month import Slot, Slots

_DAY_MINUTES = 24 * 60
_ROW_MINUTES = 5
_LEAST_MINUTES = 30
"""What is shorter is drawn as long as this, so that its topic can be read."""

_SHORT_MINUTES = 45
"""Up to this length there is room for one line only."""

_FROM_HOUR, _TO_HOUR = 8, 19
"""The hours that are drawn though nothing is on."""

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Block:
    """
    One meeting in the column of one day; its rows are of five minutes.
    """

    slot: Slot
    first: int
    """Minutes after midnight on the clock at which it is drawn to begin, a multiple of five."""

    last: int
    """The same of its end."""

    lane: int = 0
    lanes: int = 1
    """How many lanes there are side by side at its time."""


@dataclass(frozen=True, slots=True)
class Column:
    """
    One day by its hours.
    """

    date: date
    whole: tuple[Slot, ...]
    """What lasts all day."""

    blocks: tuple[Block, ...]
    more: int
    """How many meetings have no lane left."""

    today: bool


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """
    Some days side by side, and the hours that are drawn.
    """

    columns: tuple[Column, ...]
    hours: tuple[int, ...]
    """The hours that are drawn: those of a working day, and others that something is on."""

    def place(self, block: Block) -> str:
        """Return the classes that put a block into its rows and its lane; see page.css."""
        last = block.last - _ROW_MINUTES
        rows = f"{self._row(block.first)} u{self.hours.index(last // 60)} v{last % 60 // _ROW_MINUTES}"
        short = " short" if block.last - block.first <= _SHORT_MINUTES else ""
        return f"{rows} l{block.lane} n{block.lanes}{short}"

    def line(self, now: datetime) -> str:
        """Return the classes of the line that marks a local moment; empty outside the hours drawn."""
        return self._row(now.hour * 60 + now.minute) if now.hour in self.hours else ""

    def _row(self, minutes: int) -> str:
        return f"h{self.hours.index(minutes // 60)} m{minutes % 60 // _ROW_MINUTES}"

    def skips(self, hour: int) -> bool:
        """Return whether hours are left out before this one."""
        place = self.hours.index(hour)
        return place > 0 and self.hours[place - 1] != hour - 1


def time_grid(
    days: Sequence[date], slots: Mapping[date, Slots], zone: tzinfo, *, today: date, most_lanes: int
) -> TimeGrid:
    """Return the days by their hours, with at most `lanes` lanes; meetings without a lane are counted."""
    columns = tuple(_column(day, slots.get(day, Slots()), zone, today, most_lanes) for day in days)
    busy = {
        hour
        for column in columns
        for block in column.blocks
        for hour in range(block.first // 60, -(-block.last // 60))
    }
    return TimeGrid(columns, tuple(sorted(busy | set(range(_FROM_HOUR, _TO_HOUR)))))


def _column(day: date, slots: Slots, zone: tzinfo, today: date, most_lanes: int) -> Column:
    whole, timed = [], []
    for slot in slots.shown:
        first, last = _minutes(slot, zone)
        if first == 0 and last == _DAY_MINUTES:
            whole.append(slot)
        else:
            timed.append(_draw(slot, first, last))
    blocks = [block for block in _in_lanes(timed, most_lanes) if block.lane < most_lanes]
    unseen = slots.count - len(whole) - len(blocks)
    return Column(day, tuple(whole), tuple(blocks), unseen, day == today)


def _minutes(slot: Slot, zone: tzinfo) -> tuple[int, int]:
    """Return when a meeting begins and ends on the clock of its day, in minutes after midnight."""
    start, end = slot.meeting.start.astimezone(zone), slot.meeting.end.astimezone(zone)
    first = start.hour * 60 + start.minute if slot.part in {"whole", "first"} else 0
    # Midnight is the end of the day before.
    last = end.hour * 60 + end.minute if slot.part in {"whole", "last"} else 0
    last = last or _DAY_MINUTES
    if last <= first:
        # The clock was set back meanwhile.
        last = min(first + max(1, (slot.meeting.end - slot.meeting.start) // _MINUTE), _DAY_MINUTES)
    return first, last


def _draw(slot: Slot, first: int, last: int) -> Block:
    first = min(first, _DAY_MINUTES - _LEAST_MINUTES) // _ROW_MINUTES * _ROW_MINUTES
    last = -(-last // _ROW_MINUTES) * _ROW_MINUTES
    return Block(slot, first, max(last, first + _LEAST_MINUTES))


def _in_lanes(blocks: Iterable[Block], most: int) -> list[Block]:
    """Return the blocks with lanes: each the first that is free; those that meet share their width."""
    placed: list[Block] = []
    group: list[tuple[Block, int]] = []
    ends: list[int] = []
    for block in sorted(blocks, key=lambda each: (each.first, -each.last)):
        if ends and block.first >= max(ends):
            placed += _share(group, min(len(ends), most))
            group, ends = [], []
        lane = next((number for number, end in enumerate(ends) if end <= block.first), len(ends))
        ends[lane : lane + 1] = [block.last]
        group.append((block, lane))
    return placed + _share(group, min(len(ends), most))


def _share(group: Iterable[tuple[Block, int]], lanes: int) -> list[Block]:
    return [Block(block.slot, block.first, block.last, lane, lanes) for block, lane in group]
