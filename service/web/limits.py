"""
What the web server grants a client: bytes, seconds, and a share of the process's descriptors.
"""

import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

if sys.platform != "win32":
    import resource

_MOST_DESCRIPTORS = 4096
"""More connections than this cost more memory than a daemon of this size may use."""

_OPEN_DESCRIPTORS = ("/proc/self/fd", "/dev/fd")


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Limits of one connection.
    """

    line_octets: int = 16 * 2**10
    """Longest request line; a longer one is answered with 414."""

    head_octets: int = 64 * 2**10
    """Largest header section, and largest trailer section; a larger one is answered with 431."""

    queued_requests: int = 100
    """Most requests that a client sends ahead of the answers; those beyond are not read."""

    head_seconds: float = 10
    """Longest time for a header section, from connecting on, or from its first byte on a kept connection."""

    body_seconds: float = 30
    """Longest time for a request's body."""

    idle_seconds: float = 75
    """How long a connection stays open without a request, or while the client takes nothing of its answer."""

    linger_seconds: float = 5
    """How long a refused client may go on sending, so that it comes to read the refusal."""


@dataclass(frozen=True, slots=True)
class Descriptors:
    """
    The process's file descriptors, of which the web server leaves some to the rest of the daemon.
    """

    most: int

    @property
    def crowded(self) -> int:
        """Return the number above which the oldest idle connections are closed: 80 %."""
        return self.most * 8 // 10

    @property
    def full(self) -> int:
        """Return the number above which no connection is accepted: 95 %; the database needs some too."""
        return self.most * 95 // 100

    @property
    def batch(self) -> int:
        """Return how many connections are accepted or closed at a time: 2 %."""
        return max(1, self.most // 50)


def process_descriptors() -> Descriptors:
    """Return what the system grants this process."""
    if sys.platform == "win32":
        return Descriptors(_MOST_DESCRIPTORS)
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Descriptors(_MOST_DESCRIPTORS if soft < 0 else min(soft, _MOST_DESCRIPTORS))


def open_descriptors() -> int:
    """Return how many descriptors this process has open, 0 where the system does not say."""
    for folder in _OPEN_DESCRIPTORS:
        with suppress(OSError):
            return sum(1 for _ in Path(folder).iterdir())
    return 0
