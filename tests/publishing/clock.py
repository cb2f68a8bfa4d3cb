"""
The clock of the tests of publishing.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2026, 10, 5, 8, tzinfo=UTC)


@dataclass
class Clock:
    """
    Time that only tests move; whoever sleeps moves it too.
    """

    now: datetime = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
