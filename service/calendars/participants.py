"""
An index of who takes part in what. The cost of one person's calendar depends only on that person.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from service.calendars.rules import participants_of
from service.core.account_state import Entry
from service.core.conference import Key
from service.core.trueconf_id import TrueConfId, full_id

_LONGEST_ID = 256


@dataclass(frozen=True, slots=True)
class ParticipantIndex:
    """
    The conferences of each person, as of one set of entries.
    """

    entries: Mapping[Key, Entry] = field(default_factory=dict)
    keys: Mapping[str, frozenset[Key]] = field(default_factory=dict)
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

    def after(self, entries: Mapping[Key, Entry]) -> "ParticipantIndex":
        """Return the index of these entries; the cost grows with the number of entries that differ."""
        before = self.entries
        if entries is before:
            return self
        gained: dict[str, set[Key]] = {}
        lost: dict[str, set[Key]] = {}
        differing = [key for key, entry in entries.items() if before.get(key) is not entry]
        for key in (*differing, *(before.keys() - entries.keys())):
            was, now = _people(before.get(key)), _people(entries.get(key))
            for person in now - was:
                gained.setdefault(person, set()).add(key)
            for person in was - now:
                lost.setdefault(person, set()).add(key)
        nothing: frozenset[Key] = frozenset()
        changed = {
            person: (self.keys.get(person, nothing) | gained.get(person, nothing)) - lost.get(person, nothing)
            for person in gained.keys() | lost.keys()
        }
        named = {person for key in differing for person in _find_invited(entries[key])} - self.invited
        invited = {person for person in named if is_person(person)}
        # The same set object if nobody is new: its users need not compare it again.
        everybody = self.invited | invited if invited else self.invited
        return ParticipantIndex(entries, {**self.keys, **changed}, everybody)


def _people(entry: Entry | None) -> set[str]:
    return set(participants_of(entry)) if entry else set()


def _find_invited(entry: Entry) -> Iterator[str]:
    server = entry.key.server
    return (full_id(invitation.id, server) for invitation in entry.conference.invitations)


def is_person(name: str) -> bool:
    """Return whether a text is the full ID of a person who can have a calendar; `#sip:…` is a device."""
    return "@" in name and not name.startswith(("@", "#")) and len(name) <= _LONGEST_ID and name.isprintable()
