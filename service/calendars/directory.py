"""
Which calendars exist, who may be in them, and their secret addresses.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from service.calendars.calendar import Calendar, calendars_of, entries_of
from service.calendars.names import Names
from service.calendars.participants import ParticipantIndex, is_person
from service.calendars.tokens import Addresses
from service.core.account_state import AccountState, Entry
from service.core.conference import Account
from service.core.journal import Happening, JournalEntry
from service.core.ports import FeedRecord, FeedStore
from service.core.state import State


@dataclass(frozen=True, slots=True)
class FeedRules:
    """
    The settings of feeds.
    """

    secret: bytes
    public_url: str
    variant: str
    named: tuple[Calendar, ...] = ()
    """The calendars with a rule of their own."""

    for_people: bool = False
    """Whether each invited person has a calendar."""

    previous_secret: bytes | None = None
    """Addresses derived from it still work."""


class Directory:
    """
    All calendars with their addresses. It follows the state and the recorded rotations.
    """

    def __init__(self, store: FeedStore, rules: FeedRules) -> None:
        self._store = store
        self._rules = rules
        self._generations: dict[str, int] = {}
        self._participants = ParticipantIndex()
        self._names = Names()
        self._state = State()
        self.calendars: Mapping[str, Calendar] = {}
        self.addresses = Addresses.of(rules.secret, {}, rules.public_url, previous=rules.previous_secret)

    async def refresh(self) -> bool:
        """
        Load which addresses were rotated, here or by another process, and return whether any was.

        Raises StoreUnavailable.
        """
        generations = await self._store.rotations()
        if generations == self._generations:
            return False
        self._generations = generations
        self._address()
        return True

    async def rotate(self, calendar: str, at: datetime) -> None:
        """
        Give a calendar a new address; the old one stops working at once.

        Raises KeyError where there is no such calendar, and StoreUnavailable.
        """
        if calendar not in self.calendars:
            raise KeyError(calendar)
        record = (await self._store.feeds()).get(calendar, FeedRecord())
        rotated = replace(record, generation=record.generation + 1)
        entry = JournalEntry(at.replace(microsecond=0), Happening.LINK_ROTATED, calendar=calendar)
        await self._store.record_feed(calendar, rotated, journal=[entry])
        await self.refresh()

    @property
    def state(self) -> State:
        """The state that the directory follows now."""
        return self._state

    @property
    def names(self) -> Names:
        """What people are called. Nobody but administrators asks, so it follows the state when asked."""
        self._names.follow(self._state.entries)
        return self._names

    def name_calendar(self, calendar: Calendar) -> str:
        """Return whose calendar it is by name, and the title of one that is nobody's."""
        whose = str(calendar.account or calendar.person)
        return self.names.find(whose) if whose else calendar.title

    def generation(self, calendar: str) -> int:
        """Return how often a calendar's address was rotated."""
        return self._generations.get(calendar, 0)

    def remember(self, calendars: Iterable[str]) -> None:
        """
        Learn of calendars that were served or published once.

        Calendars of people stay even if they are empty. Otherwise a person removed from their last conference
        before a restart would lose the subscription, and the collection would keep old events.
        """
        self._participants = ParticipantIndex(
            invited=frozenset(name for name in calendars if is_person(name))
        )

    def follow(self, state: State) -> Collection[Account]:
        """
        Take the new state; calendars of new accounts and people get their addresses.

        Returns the accounts whose calendars may look different now; the cost grows with what differs.
        """
        before, self._state = self._state, state
        if self._rules.for_people or any(calendar.rule.participants for calendar in self._rules.named):
            invited = self._participants.invited
            self._participants = self._participants.after(state.entries)
            same_people = not self._rules.for_people or self._participants.invited is invited
        else:
            same_people = True
        touched = find_touched(before, state)
        if self.calendars and same_people and _have_same_accounts(before, state):
            return touched
        people = self._participants.invited if self._rules.for_people else ()
        rules = self._rules
        self.calendars = calendars_of(state.accounts, rules.variant, named=rules.named, people=people)
        self._address()
        return touched

    def entries(self, calendar: Calendar) -> list[Entry]:
        """Return the entries of a calendar, those without a schedule too."""
        return list(entries_of(calendar, self._state, self._participants))

    def _address(self) -> None:
        generations = {name: self.generation(name) for name in self.calendars}
        gone = {name: count for name, count in self._generations.items() if name not in generations}
        self.addresses = self.addresses.renew(
            self._rules.secret, generations, gone, previous=self._rules.previous_secret
        )


def find_touched(before: State, state: State) -> Collection[Account]:
    """Return the accounts that gained or lost something, or that hold an entry that differs."""
    if not before.entries:
        return state.accounts.keys()
    touched = {
        account
        for account in state.accounts.find_differing(before.accounts)
        if (known := state.accounts.get(account)) and _holds_other(before.accounts.get(account), known)
    }
    for key in state.entries.find_differing(before.entries):
        if key.part and key in before.entries:
            # Only another rendering writes a closed part again, and then all of them.
            return state.accounts.keys()
        touched.update(known.account for known in state.reporters(key))
    return touched


def _have_same_accounts(before: State, state: State) -> bool:
    differing = state.accounts.find_differing(before.accounts)
    return all(account in before.accounts and account in state.accounts for account in differing)


def _holds_other(was: AccountState | None, known: AccountState) -> bool:
    return was is None or was.closed != known.closed or was.reported.keys() != known.reported.keys()
