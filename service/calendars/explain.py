"""
Why a conference is in a calendar, or is not: the first condition that it does not meet.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from service.calendars.calendar import Calendar
from service.calendars.rules import EVERYTHING, Rule, fits, holds_account
from service.core.account_state import Entry
from service.core.schedule import Unscheduled
from service.core.state import State

Condition = Literal["", "lists", "account", "owner", "mode", "access", "topic", "participant", "schedule"]
"""The condition that a conference does not meet; empty where it is in the calendar."""

_ABOUT_PEOPLE: frozenset[Condition] = frozenset({"", "account", "owner", "participant"})

_MOST_ALIKE = 20
"""As many calendars that lack a conference for the same reason are said one by one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Whether a calendar holds a conference.
    """

    calendar: str
    condition: Condition
    details: tuple[str, ...] = ()
    """The values that the condition requires, or the accounts that list the conference."""

    @property
    def holds(self) -> bool:
        """Whether it is there."""
        return not self.condition

    @property
    def people(self) -> frozenset[str]:
        """The IDs that `describe` asks names for."""
        details = self.details if self.condition in _ABOUT_PEOPLE else ()
        return frozenset({*details, *({self.calendar} if "@" in self.calendar else ())})

    def describe(self, name: Callable[[str], str] = str) -> str:
        """Return it as a sentence for an administrator; `name` gives what an ID is called."""
        detail = ", ".join(map(name, self.details) if self.condition in _ABOUT_PEOPLE else self.details)
        calendar = name(self.calendar) if "@" in self.calendar else self.calendar
        match self.condition:
            case "":
                return f"{calendar} holds it: {detail} lists it"
            case "lists":
                return f"{calendar} does not hold it: no account lists it any more"
            case "account":
                return f"{calendar} does not hold it: the account that counts is {detail}"
            case "schedule":
                return f"{calendar} shows nothing of it: it has no schedule"
            case _:
                return f"{calendar} does not hold it: its {self.condition} is none of {detail}"


@dataclass(frozen=True, slots=True)
class Alike:
    """
    Calendars that lack a conference for the same reason.
    """

    condition: Condition
    count: int

    def describe(self, conference_id: str) -> str:
        """Return it as a sentence for an administrator."""
        match self.condition:
            case "account":
                return (
                    f"{self.count} calendars do not hold it: their accounts do not list it; "
                    f"see one with `confcal why {conference_id} CALENDAR`"
                )
            case "participant":
                return (
                    f"{self.count} calendars do not hold it: their people do not take part; "
                    f"see one with `confcal why {conference_id} CALENDAR`"
                )
            case "schedule":
                return f"{self.count} calendars show nothing of it: it has no schedule"
            case _:
                return f"{self.count} calendars do not hold it: no account lists it any more"


def fold(explanations: Iterable[Explanation]) -> tuple[list[Explanation], list[Alike]]:
    """Return the explanations to say one by one, in their order, and those that are many and alike."""
    found = list(explanations)
    counts = Counter(kind for each in found if (kind := _kind_of(each)))
    many = {kind: count for kind, count in counts.items() if count > _MOST_ALIKE}
    single = [each for each in found if _kind_of(each) not in many]
    return single, [Alike(kind, count) for kind, count in many.items()]


def _kind_of(explanation: Explanation) -> Condition:
    """Return the condition, if it is the same reason for each calendar of an account or a person."""
    condition = explanation.condition
    own = explanation.details in ((explanation.calendar,), ())
    return condition if own else ""


def explain(calendar: Calendar, entry: Entry, state: State) -> Explanation:
    """Return whether a calendar holds a conference, and if not, which condition it fails."""
    rule, name = calendar.rule, calendar.name
    views = state.accounts.values() if entry.key.part else state.reporters(entry.key)
    holders = [known.account for known in views if known.holds(entry.key)]
    if not holders:
        return Explanation(name, "lists")
    of_account = [each for each in holders if calendar.account in (None, each)]
    if not of_account:
        return Explanation(name, "account", (str(calendar.account),))
    counting = [each for each in of_account if holds_account(rule, each)]
    if not counting:
        return Explanation(name, "account", tuple(sorted(rule.accounts)))
    conditions: tuple[tuple[Condition, Rule, frozenset[str]], ...] = (
        ("owner", replace(EVERYTHING, owners=rule.owners), rule.owners),
        ("mode", replace(EVERYTHING, modes=rule.modes), rule.modes),
        ("access", replace(EVERYTHING, access=rule.access), rule.access),
        ("topic", replace(EVERYTHING, topics=rule.topics), rule.topics),
        ("participant", replace(EVERYTHING, participants=rule.participants), rule.participants),
    )
    for condition, alone, values in conditions:
        if values and not fits(alone, entry):
            return Explanation(name, condition, tuple(sorted(values)))
    if isinstance(entry.conference.schedule, Unscheduled):
        return Explanation(name, "schedule")
    return Explanation(name, "", tuple(sorted(map(str, counting))))
