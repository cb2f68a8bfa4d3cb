"""
The end of a command that runs an event loop, when the loop itself does not come to an end.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import structlog
from structlog.testing import capture_logs

from service.app.daemon import end_after_crash
from service.commands.running import run_to_end
from service.core.errors import ConfcalError


class Stuck:
    """A thread that nothing cancels, until the process would have been ended."""

    def __init__(self) -> None:
        self.released, self.codes = threading.Event(), list[int]()

    def end(self, code: int) -> None:
        self.codes.append(code)
        self.released.set()

    async def begin(self) -> None:
        asyncio.get_running_loop().run_in_executor(None, self.released.wait, 60)


@contextmanager
def log_that_fails() -> Iterator[None]:
    """Have every line that is logged meet a stream that nobody can write to any more."""

    def fail(*_: object) -> structlog.typing.EventDict:
        raise BrokenPipeError("nobody reads this log")

    before = structlog.get_config()
    structlog.configure(processors=[fail])
    try:
        yield
    finally:
        structlog.configure(**before)


def test_what_crashed_is_told_though_a_thread_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    stuck = Stuck()

    async def crash() -> None:
        await stuck.begin()
        raise ZeroDivisionError("a bug of the tests")

    with capture_logs() as logs, pytest.raises(ConfcalError, match="a part crashed"):
        run_to_end(crash(), closing_seconds=0, end=stuck.end)

    assert stuck.codes == [1]
    assert [each["event"] for each in logs] == ["app.crashed", "app.ended_at_once"]
    assert capsys.readouterr().err.startswith(
        "confcal: a part crashed (ZeroDivisionError: a bug of the tests);"
    )


def test_an_end_in_order_stays_one_where_something_cannot_be_ended() -> None:
    stuck = Stuck()

    run_to_end(stuck.begin(), closing_seconds=0, end=stuck.end)

    assert stuck.codes == [0]


def test_a_log_that_cannot_be_written_keeps_no_process_alive() -> None:
    stuck = Stuck()
    with log_that_fails():
        run_to_end(stuck.begin(), closing_seconds=0, end=stuck.end)

    assert stuck.codes == [0]


def test_a_loop_that_ends_by_itself_is_not_ended() -> None:
    codes: list[int] = []

    async def nothing() -> None:
        pass

    run_to_end(nothing(), end=codes.append)

    assert codes == []


async def test_what_crashed_is_told_though_the_other_parts_go_on() -> None:
    codes: list[int] = []

    async def crash() -> None:
        raise ZeroDivisionError("a bug of the tests")

    async def go_on() -> None:
        await asyncio.Event().wait()

    crashed, going_on = asyncio.create_task(crash()), asyncio.create_task(go_on())
    await asyncio.wait([crashed])
    with capture_logs() as logs:
        end_after_crash([crashed, going_on], end=codes.append)
    going_on.cancel()

    assert codes == [1]
    assert [each["event"] for each in logs] == ["app.crashed", "app.ended_at_once"]
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)
