"""
What somebody knows who reads nothing but the journal.
"""

from dataclasses import dataclass, field

from service.core.journal import Happening, JournalEntry


@dataclass
class JournalReader:
    """
    Follows the entries from the first one on; an entry that cannot be fails.
    """

    members: dict[str, set[str]] = field(default_factory=dict)
    """The conferences in each account's calendar."""

    held: set[str] = field(default_factory=set)
    """The accounts whose lists are held."""

    topics: dict[tuple[str, str], str] = field(default_factory=dict)
    """By server and id, what was last told of a conference that was told to change."""

    disputed: set[tuple[str, str]] = field(default_factory=set)

    def follow(self, entry: JournalEntry) -> None:  # noqa: C901 -- one case for each event
        """Learn what one entry tells."""
        ids, id_ = self.members.setdefault(entry.account, set()), entry.conference_id
        key = (entry.server, id_)
        match entry.event:
            case Happening.CONFERENCE_ADDED:
                assert id_ not in ids, "it was there"
                if not self._is_known(entry):
                    # One that comes back may be another by then.
                    self.topics.pop(key, None)
                ids.add(id_)
            case Happening.CONFERENCE_REMOVED:
                ids.remove(id_)
            case Happening.CONFERENCE_CHANGED:
                assert self._is_known(entry), "nobody had it"
                for change in entry.fields:
                    assert change.before != change.after or change.name == "link"
                    if change.name == "topic":
                        assert self.topics.get(key, change.before) == change.before, "a change is missing"
                        self.topics[key] = change.after
            case Happening.LIST_HELD:
                self.held.add(entry.account)
            case Happening.LIST_APPROVED | Happening.LIST_RELEASED:
                self.held.remove(entry.account)
            case Happening.DISPUTE_BEGAN:
                assert key not in self.disputed, "it was told before"
                self.disputed.add(key)
            case Happening.DISPUTE_ENDED:
                self.disputed.remove(key)
            case _:
                pass

    def _is_known(self, entry: JournalEntry) -> bool:
        of_server = (ids for account, ids in self.members.items() if account.endswith(f"@{entry.server}"))
        return any(entry.conference_id in ids for ids in of_server)
