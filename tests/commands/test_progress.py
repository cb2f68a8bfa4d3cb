import io
import itertools

import pytest

from service.commands.progress import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO, *, seconds_each: float) -> str:
    """Return what 4 pieces of work leave on the stream."""
    ticks = itertools.count()
    with progress(4, "events", stream=stream, clock=lambda: next(ticks) * seconds_each) as tell:
        for done in range(1, 5):
            tell(done)
    return stream.getvalue()


def test_long_work_is_shown_as_a_bar_that_ends_full() -> None:
    text = shown(Terminal(), seconds_each=0.6)

    assert "events" in text
    last = text.split("\r")[-1]
    assert "#" * 36 in last
    assert "4/4" in last


def test_nothing_is_shown_of_quick_work() -> None:
    assert shown(Terminal(), seconds_each=0.1) == ""


def test_nothing_is_written_where_nobody_watches() -> None:
    assert shown(io.StringIO(), seconds_each=9.0) == ""


def test_a_bar_is_put_away_when_the_work_fails() -> None:
    terminal = Terminal()
    ticks = itertools.count()

    def failing() -> None:
        with progress(4, "events", stream=terminal, clock=lambda: float(next(ticks))) as tell:
            tell(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert terminal.getvalue().endswith("\x1b[?25h\n")
