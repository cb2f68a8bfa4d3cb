"""
The conferences in any account's calendar, by how they take place.
"""

from dataclasses import dataclass, field

from service.core.account_state import Entry
from service.core.conference import Key
from service.core.schedule import Unscheduled, Weekly
from service.core.shared_map import SharedMap
from service.core.state import State


@dataclass(frozen=True, slots=True)
class Kinds:
    """
    The weekly conferences of a state, and those without a schedule.
    """

    state: State = field(default_factory=State)
    weekly: SharedMap[Key, Entry] = field(default_factory=SharedMap)
    unscheduled: SharedMap[Key, Entry] = field(default_factory=SharedMap)

    @classmethod
    def of(cls, state: State) -> "Kinds":
        """Return those of a state, at the cost of a look at each conference."""
        weekly, unscheduled = dict[Key, Entry](), dict[Key, Entry]()
        for key, entry in state.entries.items():
            match entry.conference.schedule:
                case Weekly() if state.is_held(key):
                    weekly[key] = entry
                case Unscheduled() if state.is_held(key):
                    unscheduled[key] = entry
        return cls(state, SharedMap(weekly), SharedMap(unscheduled))

    def follow(self, state: State) -> "Kinds":
        """Return those of another state, at the cost of what differs."""
        if state is self.state:
            return self
        if not self.state.entries:
            return Kinds.of(state)
        differing = state.find_differing(self.state)
        held = [state.entries[key] for key in differing if state.is_held(key)]
        weekly = {each.key: each for each in held if isinstance(each.conference.schedule, Weekly)}
        rooms = {each.key: each for each in held if isinstance(each.conference.schedule, Unscheduled)}
        return Kinds(
            state,
            self.weekly.replace(weekly, differing - weekly.keys()),
            self.unscheduled.replace(rooms, differing - rooms.keys()),
        )
