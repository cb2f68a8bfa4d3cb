"""
The seam between the web layer and the parts above it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from service.calendars.calendar import Calendar
from service.core.conference import Account, Conference, Key
from service.core.exposure import Exposure
from service.core.journal import JournalEntry, JournalQuery
from service.core.kinds import Kinds
from service.core.needs import LastList, OpenSecret, VersionBehind
from service.core.placement import Placement
from service.core.rejected import RejectedInput
from service.core.search import ConferenceQuery
from service.core.zone_notices import ZoneNotice
from service.web.replica_views import ReplicaView
from service.web.schemas import SettingView, SourceView, TargetView


class AdminPort(Protocol):
    """
    What other parts show the administrator and do for them. Implemented in service/app/reports.py.
    """

    version: str
    """The version of confcal."""

    started_at: datetime
    """When the daemon started."""

    exposure: Exposure | None
    """How secrets may be overheard on the way to confcal."""

    zone_data: str
    """The version of the zone data in use."""

    def zone_notices(self, now: datetime) -> Sequence[ZoneNotice]:
        """Return what an administrator should know about the zones of weekly conferences."""
        ...

    def kinds(self) -> Kinds:
        """Return the conferences by how they take place."""
        ...

    def sources(self) -> Sequence[SourceView]:
        """Return the status of the sources."""
        ...

    def targets(self) -> Sequence[TargetView]:
        """Return the status of the targets."""
        ...

    def replicas(self) -> Sequence[ReplicaView]:
        """Return the processes that share the database, and what each of them runs."""
        ...

    def find_running(self) -> Iterable[tuple[Account, Conference]]:
        """Return the conferences that run now, each with the account whose list says so."""
        ...

    async def load_rejected(self) -> Sequence[RejectedInput]:
        """Return the rejected input, without what arrived. Raises StoreUnavailable."""
        ...

    async def approve(self, account: str, digest: str | None) -> int:
        """
        Apply the held list of `user@server` and return how many conferences it removed.

        Raises UnknownName, StoreUnavailable, and HeldListChanged if the list does not have the given digest.
        """
        ...

    async def keep(self, account: str, digest: str | None) -> int:
        """
        Keep the conferences of the held list of `user@server`, and return how many. Raises as `approve`.
        """
        ...

    async def dismiss_rejected(self, number: int) -> None:
        """Drop one rejected input. Raises UnknownName and StoreUnavailable."""
        ...

    async def retry_rejected(self, number: int) -> int:
        """
        Have what is understood by now enter the calendars, and return how many conferences it was.

        Raises UnknownName, StillRejected, StaleState and StoreUnavailable.
        """
        ...

    async def ask_source(self, name: str) -> None:
        """Have a source asked for its list at once. Raises UnknownName, TooSoon and StoreUnavailable."""
        ...

    async def retry_target(self, name: str) -> None:
        """Have everything of a target tried again. Raises UnknownName, TooSoon and StoreUnavailable."""
        ...

    def last_listings(self) -> Mapping[str, LastList]:
        """Return the last list of each source that this process heard itself."""
        ...

    def open_secrets(self) -> Sequence[OpenSecret]:
        """Return what holds secrets and is open to every user of the machine."""
        ...

    def versions(self) -> Sequence[VersionBehind]:
        """Return which processes run an older version than one that is known here."""
        ...

    async def read_journal(self, query: JournalQuery) -> Sequence[JournalEntry]:
        """Return what happened, the newest first. Raises StoreUnavailable."""
        ...

    async def read_heard(self) -> Mapping[str, frozenset[int]]:
        """Return the half hours in which lists of each source were recorded. Raises StoreUnavailable."""
        ...

    async def find_conferences(self, query: ConferenceQuery) -> Sequence[Key]:
        """Return the conferences asked for, ordered by topic. Raises StoreUnavailable."""
        ...

    async def read_vevent(self, key: Key) -> str:
        """Return a conference's VEVENT as feeds hold it, empty where it has none. Raises StoreUnavailable."""
        ...

    async def find_placements(self, key: Key, calendars: Mapping[str, Calendar]) -> Sequence[Placement]:
        """Return how a conference is doing in the targets' collections. Raises StoreUnavailable."""
        ...

    async def note_sign_in(self, network: str) -> None:
        """Write a sign-in to the journal, with its network as the log names it."""
        ...

    def settings(self) -> Sequence[SettingView]:
        """Return the settings in force, without their secrets."""
        ...
