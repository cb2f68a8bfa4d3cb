"""
A progress bar on standard error, only in a terminal and for work of more than a second.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

import click

Progress = Callable[[int], None]
"""Takes the number of pieces that are done."""

_QUIET_SECONDS = 1.0
_STEPS = 200
"""How often the bar is drawn at most."""


@contextmanager
def progress(
    total: int, what: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Progress]:
    """Yield a function that takes the progress of `total` pieces of work. The text `what` labels the bar."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda _done: None
        return
    due, shown_done = clock() + _QUIET_SECONDS, 0
    bar = click.progressbar(
        length=total, label=what, file=stream, show_pos=True, update_min_steps=max(1, total // _STEPS)
    )
    with ExitStack() as shown:

        def report(done: int) -> None:
            nonlocal shown_done
            if not bar.entered:
                if clock() < due:
                    return
                shown.enter_context(bar)
            bar.update(done - shown_done)
            shown_done = done

        yield report
