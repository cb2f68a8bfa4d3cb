"""
The views of the processes that share one database.
"""

from datetime import datetime

import msgspec


class ReplicaView(msgspec.Struct, frozen=True):
    """
    One running process, and what it runs for all of them.
    """

    name: str
    """Its host and a number; another one after every start."""

    version: str
    started_at: datetime | None
    parts: tuple[str, ...]
    """`source/NAME`, `target/NAME`, `notify/NAME`, and `housekeeping`."""

    answers: bool
    """Whether it is the one that gives this answer."""
