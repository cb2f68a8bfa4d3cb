"""
An index of who takes part in what. The cost of one person's calendar depends only on that person.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from service.calendars.rules import participants_of
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.shared_map import SharedMap
from service.core.trueconf_id import TrueConfId, full_id

_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class ParticipantIndex:
    """
    The conferences of each person, as of one set of entries.
    """

    entries: SharedMap[Key, Entry] = field(default_factory=SharedMap)
    keys: SharedMap[str, frozenset[Key]] = field(default_factory=SharedMap)
    """By full ID, of all who are invited or own a conference."""

    invited: frozenset[str] = frozenset()
    """The full IDs of those who are, or were, invited to any of them."""

    def keys_of(self, people: Iterable[str]) -> Iterator[Key]:
        """Yield the keys of the conferences that any of these people takes part in, ordered, each once."""
        found: set[Key] = set()
        for person in people:
            found |= self._of(person)
        yield from sorted(found)

    def _of(self, person: str) -> frozenset[Key]:
        if "@" in person:
            return self.keys.get(person, frozenset())
        same = (keys for name, keys in self.keys.items() if TrueConfId.parse(name).user == person)
        return frozenset().union(*same)

    def after(self, entries: SharedMap[Key, Entry]) -> "ParticipantIndex":
        """Return the index of these entries; the cost grows with the number of entries that differ."""
        before = self.entries
        if entries is before:
            return self
        gained: dict[str, set[Key]] = {}
        lost: dict[str, set[Key]] = {}
        differing = [(key, before.get(key), entries.get(key)) for key in entries.find_differing(before)]
        for key, earlier, later in differing:
            was, now = _people(earlier), _people(later)
            for person in now - was:
                gained.setdefault(person, set()).add(key)
            for person in was - now:
                lost.setdefault(person, set()).add(key)
        nothing: frozenset[Key] = frozenset()
        changed = {
            person: (self.keys.get(person, nothing) | gained.get(person, nothing)) - lost.get(person, nothing)
            for person in gained.keys() | lost.keys()
        }
        named = {person for _, _, later in differing if later for person in _find_invited(later)}
        invited = {person for person in named - self.invited if is_person(person)}
        # The same set object if nobody is new: its users need not compare it again.
        everybody = self.invited | invited if invited else self.invited
        return ParticipantIndex(entries, self.keys.replace(changed), everybody)


def _people(entry: Entry | None) -> set[str]:
    return set(participants_of(entry)) if entry else set()


def _find_invited(entry: Entry) -> Iterator[str]:
    server = entry.key.server
    return (full_id(invitation.id, server) for invitation in entry.conference.invitations)


def is_person(name: str) -> bool:
    """Return whether a text is the full ID of a person who can have a calendar; `#sip:…` is a device."""
    return "@" in name and not name.startswith(("@", "#")) and len(name) <= _LONGEST_ID and name.isprintable()
