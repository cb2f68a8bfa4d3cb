"""
What is known here of the sources and targets that other replicas run.
"""

from collections.abc import Callable
from datetime import datetime

from service.app.leaseholder import LeaseHolder
from service.app.recalling import SOURCE_NEWS, TARGET_NEWS, is_about_whole, read_state, target_state_in
from service.core.errors import StoreUnavailable
from service.core.journal import Happening, Journal, JournalEntry, JournalQuery
from service.core.sources import IN_TROUBLE, SourceState
from service.core.state import State
from service.core.target_state import TargetState
from service.web.replica_views import ReplicaView
from service.web.schemas import SourceView, TargetView

_NEWS = SOURCE_NEWS | TARGET_NEWS
_AT_ONCE = 1000


class Elsewhere:
    """
    Says who runs what, and how a part that this replica does not run was doing when its holder last said.

    A holder says so in the journal, which every replica reads, and by the lists that it records.
    """

    def __init__(
        self, leases: LeaseHolder, journal: Journal, *, state: Callable[[], State], started_at: datetime
    ) -> None:
        self._leases, self._journal, self._state = leases, journal, state
        self._started_at = started_at
        self._news: dict[str, JournalEntry] = {}
        self._position: int | None = None

    async def refresh(self) -> None:
        """Read what holders wrote since the last time; nothing while no other replica lives."""
        if self._leases.census.alone:
            self._position = None
            return
        try:
            if self._position is None:
                await self._read_all()
            while entries := await self._journal.read_after(self._position or 0, _AT_ONCE):
                self._news.update((_part_of(entry), entry) for entry in entries if _is_news(entry))
                self._position = entries[-1].number
        except StoreUnavailable:
            # The renewal of the leases logs that; what was known stays.
            return

    async def _read_all(self) -> None:
        position = await self._journal.last_number()
        self._news, before = {}, position + 1
        while True:
            query = JournalQuery(events=_NEWS, before=before, limit=_AT_ONCE)
            entries = await self._journal.read(query)
            for entry in entries:
                if _is_news(entry):
                    self._news.setdefault(_part_of(entry), entry)
            if len(entries) < _AT_ONCE:
                break
            before = entries[-1].number
        self._position = position

    def replicas(self) -> list[ReplicaView]:
        """Return the replicas alive, and what each of them runs."""
        census, own = self._leases.census, self._leases.replica.holder
        return [
            ReplicaView(
                each.holder,
                each.version,
                each.started_at,
                tuple(sorted(lease.name for lease in census.find_leases(each.holder))),
                answers=each.holder == own,
            )
            for each in census.replicas
        ]

    def find_holder(self, part: str) -> str | None:
        """Return the replica that runs a part if it is not this one; empty while nobody runs it."""
        if self._leases.census.alone or self._leases.holds(part):
            return None
        lease = self._leases.census.leases.get(part)
        return lease.holder if lease and lease.holder != self._leases.replica.holder else ""

    def view_source(self, name: str, place: str) -> SourceView | None:
        """Return how a source is doing that another replica runs; None of one that this replica runs."""
        holder = self.find_holder(f"source/{name}")
        if holder is None:
            return None
        heard, news = self._state().latest_from(name), self._news.get(f"source/{name}")
        list_at = heard.list_at if heard else None
        state, error, since = SourceState.CONNECTING, "", list_at or self._started_at
        if list_at:
            state = SourceState.LISTENING
        if news:
            state, since = _source_state(news), news.at
            error = news.note if state in IN_TROUBLE else ""
        account = str(heard.account) if heard else ""
        return SourceView(
            name, "endpoint", state, account, since, list_at, error=error, place=place, held_by=holder
        )

    def view_target(self, view: TargetView) -> TargetView:
        """Return how a target is doing; of one that another replica runs, what its holder said."""
        holder = self.find_holder(f"target/{view.name}")
        if holder is None:
            return view
        news = self._news.get(f"target/{view.name}")
        broken = news if news and news.event is Happening.TARGET_REFUSED else None
        state = target_state_in(broken) if broken else TargetState.ELSEWHERE
        error = broken.note if broken else ""
        return TargetView(view.name, state, view.calendar, 0, error=error, held_by=holder)


def _is_news(entry: JournalEntry) -> bool:
    return entry.event in _NEWS and is_about_whole(entry)


def _part_of(entry: JournalEntry) -> str:
    return f"source/{entry.source}" if entry.event in SOURCE_NEWS else f"target/{entry.target}"


def _source_state(entry: JournalEntry) -> SourceState:
    if entry.event is Happening.SOURCE_UP:
        return SourceState.LISTENING
    return next((state for state in IN_TROUBLE if state == read_state(entry)), SourceState.FAILING)
