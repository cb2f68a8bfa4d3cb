"""
What a snapshot changes: a pure function from what is known to the changes that one transaction writes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from service.core.account_state import AccountState
from service.core.changes import Changes
from service.core.conference import Account, Conference, Key, Snapshot
from service.core.consensus import Report
from service.core.edits import FULL, Policy, Variant, edit_of, next_revision
from service.core.reconsider import Case, Outcome
from service.core.removal import review_absences
from service.core.schedule import Weekly
from service.core.state import State
from service.core.weekly import WeeklyRules, continues

__all__ = ["FULL", "Policy", "Variant", "approve", "edit_of", "keep", "next_revision", "revise"]

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_REORDERED = timedelta(minutes=1)
"""Two lists that arrive together may be processed in reverse order; a clock is set back by more."""


def revise(state: State, snapshot: Snapshot, policy: Policy) -> Changes:
    """
    Return what `snapshot` changes of `state`.

    `consensus` decides which of several reports counts; `past` decides about the past of an edited schedule.
    The cost grows with the number of changes; an unchanged conference costs one look-up. A list older than
    the account's last one changes nothing.
    """
    known = state.account(snapshot.account)
    now = snapshot.received_at.replace(microsecond=0)
    if known.list_at and _is_older(now, known.list_at, snapshot):
        return Changes(known.account, known.source, known.list_at, known.count, older=True)
    reports = tuple(_reports(known.reported, snapshot.listing.conferences))
    rules = policy.rendering(snapshot.source).weekly
    changed = frozenset(c.id for c in reports if _is_news(known.reported.get(c.id), c, rules))
    present = {conference.id for conference in snapshot.listing.conferences}
    present |= {rejection.conference_id for rejection in snapshot.listing.rejections}
    shown = _as_shown(state, known, present)
    removal = review_absences(shown, present, now=now, rules=policy.removal, good=snapshot.good)
    changed |= _find_changed_later(known, now) - removal.departures
    gone = {id_: _find_missing_since(known, id_, now) for id_ in removal.departures}
    list_case = _ListCase(known, snapshot, changed, now)
    outcomes = [
        *_reconsider(state, list_case, _find_concerned(state, list_case, reports), policy),
        *_depart(state, known, gone, policy, now),
    ]
    return Changes(
        account=snapshot.account,
        source=snapshot.source,
        received_at=now,
        count=len(snapshot.listing.conferences),
        edits=tuple(outcome.edit for outcome in outcomes if outcome.edit),
        reports=reports,
        changed=changed,
        absences=removal.absences,
        departures=removal.departures,
        closings=tuple(closing for outcome in outcomes for closing in outcome.closings),
        contested=frozenset(outcome.key for outcome in outcomes if outcome.contested),
        agreed=frozenset(outcome.key for outcome in outcomes if not outcome.contested),
        expired=_find_expired(state, known, now - policy.removal.keep_ended),
        held=removal.held,
        held_changed=removal.held != known.held,
    )


def approve(state: State, account: Account, policy: Policy, now: datetime) -> Changes | None:
    """
    Apply the account's held list at `now`, without waiting for more lists that agree.

    Only conferences that were held and that the last good list still lacked are removed. Returns None if
    nothing is held.
    """
    known = state.account(account)
    if known.held is None or known.list_at is None:
        return None
    gone = {id_: known.absences[id_].since for id_ in known.held.missing if id_ in known.absences}
    outcomes = list(_depart(state, known, gone, policy, now))
    return Changes(
        account=account,
        source=known.source,
        received_at=known.list_at,
        count=known.count,
        edits=tuple(outcome.edit for outcome in outcomes if outcome.edit),
        departures=frozenset(gone),
        closings=tuple(closing for outcome in outcomes for closing in outcome.closings),
        contested=frozenset(outcome.key for outcome in outcomes if outcome.contested),
        agreed=frozenset(outcome.key for outcome in outcomes if not outcome.contested),
        held_changed=True,
    )


def keep(state: State, account: Account) -> Changes | None:
    """
    Return the changes after which the conferences that a held list lacks stay until lists lack others.

    Returns None where nothing is held.
    """
    known = state.account(account)
    if known.held is None or known.list_at is None:
        return None
    held = replace(known.held, kept=True)
    return Changes(
        account, known.source, known.list_at, known.count, held=held, held_changed=held != known.held
    )


def _as_shown(state: State, known: AccountState, present: AbstractSet[str]) -> AccountState:
    """
    Return the account's view with each member as its calendar shows it, which decides whether it has ended.
    """
    if known.reported.keys() <= present:
        return known
    server = known.account.server
    return replace(known, reported={id_: state.entry(server, id_).conference for id_ in known.reported})


def _find_missing_since(known: AccountState, id_: str, now: datetime) -> datetime:
    absence = known.absences.get(id_)
    return min(absence.since, now) if absence and absence.lists else now


def _find_changed_later(known: AccountState, now: datetime) -> frozenset[str]:
    """
    Return the members whose report changed in the future, because the clock was set back, dated to now.

    Otherwise such a change would stay the newest until the clock caught up.
    """
    if known.list_at is None or known.list_at <= now:
        return frozenset()
    return frozenset(id_ for id_, at in known.changed_at.items() if at > now)


def _is_older(now: datetime, list_at: datetime, snapshot: Snapshot) -> bool:
    return now < list_at and (snapshot.recorded or list_at - now <= _REORDERED)


def _reports(reported: Mapping[str, Conference], conferences: tuple[Conference, ...]) -> list[Conference]:
    # The decoder hands out the identical object for the same bytes; comparing fields is for the rest.
    get = reported.get
    return [c for c in conferences if (before := get(c.id)) is not c and before != c]


def _is_news(before: Conference | None, conference: Conference, rules: WeeklyRules) -> bool:
    """Return whether a report changes more than which occurrence comes next."""
    if before is None:
        return True
    match before.schedule, conference.schedule:
        case Weekly() as earlier, Weekly() as later if continues(earlier, later, rules):
            return replace(conference, schedule=earlier) != before
        case _:
            return True


@dataclass(frozen=True, slots=True)
class _ListCase:
    """A list, with the state of its account before it."""

    known: AccountState
    snapshot: Snapshot
    changed: frozenset[str]
    now: datetime

    def report(self, conference: Conference) -> Report:
        """Return what the list reports about a conference."""
        at = (
            self.now if conference.id in self.changed else self.known.changed_at.get(conference.id, _LONG_AGO)
        )
        return Report(self.known.account, self.snapshot.source, conference, at, self.now)


def _find_concerned(
    state: State, list_case: _ListCase, reports: Sequence[Conference]
) -> Iterator[Conference]:
    """Yield the conferences of a list that may need a change: changed, listed again, or contested."""
    yield from reports
    back = list_case.known.absences
    if not state.contested and not back:
        return
    fresh, server = {conference.id for conference in reports}, list_case.known.account.server
    for conference in list_case.snapshot.listing.conferences:
        if conference.id not in fresh and (
            conference.id in back or Key(server, conference.id) in state.contested
        ):
            yield conference


def _reconsider(
    state: State, list_case: _ListCase, conferences: Iterable[Conference], policy: Policy
) -> Iterator[Outcome]:
    account = list_case.known.account
    for conference in conferences:
        key = Key(account.server, conference.id)
        yield Case.of(key, state, policy, list_case.now).reconsider(list_case.report(conference))


def _depart(
    state: State, known: AccountState, gone: Mapping[str, datetime], policy: Policy, now: datetime
) -> Iterator[Outcome]:
    for id_, since in sorted(gone.items()):
        key = Key(known.account.server, id_)
        yield Case.of(key, state, policy, now).depart(known.account, since)


def _find_expired(state: State, known: AccountState, before: datetime) -> frozenset[Key]:
    """Return the closed parts in an account's calendar that ended before `before`."""
    ends = ((key, state.entries[key].bounds.until) for key in known.closed)
    return frozenset(key for key, until in ends if until and until < before)
