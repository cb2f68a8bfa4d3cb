"""
The names of people by their IDs, gathered from the conferences that they are invited to.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from threading import Lock

from service.core.account_state import Entry
from service.core.conference import Key
from service.core.person import name_of, name_with_id
from service.core.ports import Store
from service.core.search import ends_at
from service.core.shared_map import SharedMap
from service.core.trueconf_id import full_id

_NEVER = datetime.max.replace(tzinfo=UTC)
_Rank = tuple[datetime, datetime, Key]


class Names:
    """
    The names of all who are invited to anything. A renamed person has the name of the latest meeting.
    """

    def __init__(self, entries: SharedMap[Key, Entry] | None = None) -> None:
        self._entries: SharedMap[Key, Entry] = SharedMap()
        self._known: dict[str, tuple[_Rank, str]] = {}
        # Pages are rendered in threads.
        self._lock = Lock()
        if entries is not None:
            self.follow(entries)

    def follow(self, entries: SharedMap[Key, Entry]) -> None:
        """
        Take the names of these entries; the cost grows with the number of entries that differ.

        Where some are no longer there, all are gone through: who was in them alone is forgotten with them.
        """
        if entries is self._entries:
            return
        with self._lock:
            differing: Iterable[Key] = entries.find_differing(self._entries)
            if any(key not in entries for key in differing):
                self._known, differing = {}, entries
            for key in differing:
                entry = entries.get(key)
                if entry is not None and not key.part:
                    self._take(entry)
            self._entries = entries

    def _take(self, entry: Entry) -> None:
        server, known = entry.key.server, self._known
        rank = (ends_at(entry.conference) or _NEVER, entry.revision.revised_at, entry.key)
        for each in entry.conference.invitations:
            if not each.display_name or each.display_name.isspace():
                continue
            id_ = full_id(each.id, server)
            before = known.get(id_)
            if before is None or before[0] <= rank or before[0][2] == entry.key:
                known[id_] = rank, each.display_name

    def find(self, id_: str, server: str = "") -> str:
        """
        Return what a person is called; the ID where no conference names them.

        An ID without a server is one of `server`.
        """
        _, display_name = self._known.get(full_id(id_, server), (None, ""))
        return name_of(id_, display_name)

    def describe(self, id_: str, server: str = "") -> str:
        """Return a person's name with the ID behind it, for plain text."""
        return name_with_id(self.find(id_, server), id_)


async def load_names(
    store: Store, people: Collection[str], known: SharedMap[Key, Entry] | None = None
) -> Names:
    """
    Return the names of these people, and of those in the conferences `known`. Raises StoreUnavailable.
    """
    state = await store.load_conferences(await store.find_of_people(people))
    return Names(state.entries.replace(known or {}))
