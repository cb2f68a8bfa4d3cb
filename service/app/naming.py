"""
What people are called, for a command that names a few of them.
"""

from collections.abc import Collection

from service.calendars.names import Names
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.ports import Store
from service.core.shared_map import SharedMap


async def load_names(
    store: Store, people: Collection[str], known: SharedMap[Key, Entry] | None = None
) -> Names:
    """
    Return the names of these people, and of those in the conferences `known`. Raises StoreUnavailable.
    """
    state = await store.load_conferences(await store.find_of_people(people))
    return Names(state.entries.replace(known or {}))
