"""
Lines that name conferences in a terminal: the next date and the topic, in the reader's language.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime

from service.commands.speech import choose_language, terminal_language
from service.core.account_state import Entry
from service.core.conference import Conference, Key
from service.core.occurrences import occurrences
from service.core.revision import Policy
from service.core.schedule import Unscheduled, Weekly
from service.core.state import State
from service.core.vevent import Translate, summary_of, uid_of

_THIS_YEAR, _OTHER_YEAR = "EEE d MMM HH:mm", "EEE d MMM y HH:mm"
_WIDTH = len("Wed 30 Sept 2026 09:00")


@dataclass(frozen=True, slots=True)
class EventLines:
    """
    Writes conferences as lines at a given moment.
    """

    state: State
    policy: Policy
    zone: ZoneInfo
    now: datetime
    locale: Locale
    gettext: Translate

    @classmethod
    def of(cls, state: State, policy: Policy, timezone: str, now: datetime) -> "EventLines":
        """Return the lines in the language of this terminal. Raises CatalogueMissing."""
        locale = Locale(choose_language(os.environ))
        return cls(state, policy, ZoneInfo(timezone), now, locale, terminal_language())

    def by_uid(self) -> dict[str, Entry]:
        """Return all known conferences and closed parts by UID."""
        return {uid_of(key): entry for key, entry in self.state.entries.items()}

    def start_of(self, entry: Entry) -> datetime | None:
        """Return its next start, or the last one if none comes; None where it has no date."""
        rules = self.policy.rendering(entry.source).weekly
        coming = next(occurrences(entry, rules, self.now), None)
        if coming:
            return coming.start
        past = next(occurrences(entry, rules, datetime.min.replace(tzinfo=UTC, year=2)), None)
        return past.start if past else None

    def write(self, entry: Entry) -> str:
        """Return a line of the date in a column and the topic: `Thu 26 Nov 09:00  Planning`."""
        return f"{self.date(self.start_of(entry))}  {self._topic(entry.conference)}"

    def write_listed(self, server: str, conference: Conference) -> str:
        """Do as `write` with a conference from a list."""
        known = self.state.entries.get(Key(server, conference.id))
        if known:
            return self.write(known)
        return f"{self.date(_first_start(conference))}  {self._topic(conference)}"

    def date(self, start: datetime | None) -> str:
        """Return a moment in the organization's zone, padded to a fixed width."""
        if start is None:
            return self.gettext("no date").ljust(_WIDTH)
        local = start.astimezone(self.zone)
        form = _THIS_YEAR if local.year == self.now.astimezone(self.zone).year else _OTHER_YEAR
        return format_datetime(local, form, locale=self.locale).ljust(_WIDTH)

    def _topic(self, conference: Conference) -> str:
        topic = summary_of(conference, self.gettext)
        if isinstance(conference.schedule, Weekly):
            return self.gettext("%(topic)s (every week)") % {"topic": topic}
        return topic


def _first_start(conference: Conference) -> datetime | None:
    schedule = conference.schedule
    return None if isinstance(schedule, Unscheduled) else schedule.start
