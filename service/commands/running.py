"""
Running the commands that do not end by themselves: on the fastest event loop, and to an end whatever crashes.
"""

import asyncio
import os
import threading
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

import click
import structlog

from service.commands.crash import join_errors
from service.core.errors import ConfcalError

try:
    from uvloop import new_event_loop
except ImportError:  # Windows, and Pythons other than CPython.
    from asyncio import new_event_loop  # type: ignore[assignment]

log = structlog.get_logger()

_DONE, _FAILED = 0, 1
_CLOSING_SECONDS = 2.0
"""How long the loop may take to close. Everything is on disk by then."""


def run_to_end(
    main: Coroutine[Any, Any, None],
    *,
    closing_seconds: float = _CLOSING_SECONDS,
    end: Callable[[int], None] = os._exit,
) -> None:
    """
    Run a coroutine on an event loop of its own.

    What crashes is logged before the loop is closed. Closing waits for what cannot be cancelled, like the
    look-up of a name; after `closing_seconds` the process is ended without it.

    Raises ConfcalError.
    """
    runner = asyncio.Runner(loop_factory=new_event_loop)
    crash: ConfcalError | None = None
    try:
        with join_errors():
            runner.run(main)
    except ConfcalError as error:
        crash = error
        raise
    finally:
        # This is a thread, because the loop runs no timers while it closes.
        watchdog = threading.Timer(closing_seconds, _give_up, (crash, end))
        watchdog.daemon = True
        watchdog.start()
        _close(runner)
        watchdog.cancel()


def _close(runner: asyncio.Runner) -> None:
    with warnings.catch_warnings():
        # uvloop warns of each socket that a crash left open, and closes it then. Where warnings are errors
        # (PYTHONWARNINGS=error) the error is lost in its C code, the socket stays open, and the loop waits
        # for it without end.
        warnings.simplefilter("ignore", ResourceWarning)
        runner.close()


def _give_up(crash: ConfcalError | None, end: Callable[[int], None]) -> None:
    # A log that cannot be written must not keep the process alive.
    with suppress(Exception):
        log.warning("app.ended_at_once")
        if crash:
            click.echo(f"confcal: {crash}", err=True)
    end(_FAILED if crash else _DONE)
