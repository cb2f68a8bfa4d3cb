"""
The starts of answers that go out again and again: writing one costs more than all decisions.
"""

from collections.abc import Callable, Hashable

from service.web.answers import PreparedStart

MOST = 4096


class LatestStarts:
    """
    The start for the present bytes of each feed. The one for earlier bytes is dropped.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._known: dict[Hashable, tuple[tuple[object, ...], PreparedStart]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(
        self, feed: Hashable, version: tuple[object, ...], make: Callable[..., PreparedStart]
    ) -> PreparedStart:
        """Return the start that `make` makes of `version`, the one from before where that is the same."""
        known = self._known.get(feed)
        if known is not None and known[0] == version:
            return known[1]
        if known is None and len(self._known) >= self._most:
            self._known.clear()
        start = make(*version)
        self._known[feed] = version, start
        return start
