"""
What actions through the API answer.
"""

import msgspec


class Rotated(msgspec.Struct, frozen=True):
    """
    The new addresses of a calendar; the old ones are gone.
    """

    name: str
    feed_url: str
    page_url: str


class Approved(msgspec.Struct, frozen=True):
    """
    What applying a held list removed.
    """

    account: str
    removed: int


class Kept(msgspec.Struct, frozen=True):
    """
    What of a held list stays.
    """

    account: str
    kept: int
