"""
The conferences in any account's calendar, by how they take place.
"""

from service.core.account_state import Entry
from service.core.conference import Key
from service.core.schedule import Unscheduled, Weekly
from service.core.shared_map import SharedMap
from service.core.state import State


class Kinds:
    """
    The weekly conferences and those without a schedule. It follows the state at the cost of what differs.
    """

    def __init__(self) -> None:
        self._state = State()
        self.weekly: SharedMap[Key, Entry] = SharedMap()
        self.unscheduled: SharedMap[Key, Entry] = SharedMap()

    def follow(self, state: State) -> "Kinds":
        """Take the conferences of a state, and return them."""
        if state is not self._state:
            differing = state.find_differing(self._state)
            held = [state.entries[key] for key in differing if state.is_held(key)]
            weekly = {each.key: each for each in held if isinstance(each.conference.schedule, Weekly)}
            rooms = {each.key: each for each in held if isinstance(each.conference.schedule, Unscheduled)}
            self.weekly = self.weekly.replace(weekly, differing - weekly.keys())
            self.unscheduled = self.unscheduled.replace(rooms, differing - rooms.keys())
            self._state = state
        return self
