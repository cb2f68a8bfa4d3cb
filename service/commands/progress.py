"""
Progress on standard error: only in a terminal, and only when the work takes longer than a second.
"""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_PATIENCE_SECONDS = 1.0
_BETWEEN_SECONDS = 0.1


class Progress:
    """
    Counts work done; a context manager that leaves no trace behind.
    """

    def __init__(self, total: int, stream: TextIO | None = None, *, what: str = "conferences") -> None:
        self._total = total
        self._what = what
        self._stream = stream or sys.stderr
        self._due = time.monotonic() + _PATIENCE_SECONDS if self._stream.isatty() else float("inf")
        self._shown = False

    def __enter__(self) -> Self:
        """Start counting."""
        return self

    def __call__(self, done: int) -> None:
        """Note that so many are done."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _BETWEEN_SECONDS
        self._shown = True
        share = done * 100 // max(1, self._total)
        self._stream.write(f"\r{done:,} of {self._total:,} {self._what}, {share} %\x1b[K")
        self._stream.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipe the line away."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
