"""
Changes that commands make to the database. A running daemon notices them by the version.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from service.app.clock import utc_now
from service.app.opening import with_store
from service.app.policy import keep_rules_of, policy_of
from service.app.rejected_again import dismiss, understand_again
from service.app.synchronizer import Synchronizer
from service.core.conference import Account, Snapshot
from service.core.errors import FrameRejected, SettingsError
from service.core.rejected import RejectedInput
from service.core.state import State
from service.core.text import cut
from service.core.trueconf_id import TrueConfId
from service.publishing.ports import Database
from service.settings.accounts import account_of_source, find_pinned_accounts
from service.settings.model import Settings
from service.sources.rejections import Rejections
from service.sources.replay import ListWithoutAccount, RecordedFrame, Replayed, replay

_SHOWN = 40


@asynccontextmanager
async def with_synchronizer(settings: Settings) -> AsyncIterator[Synchronizer]:
    """
    Give a synchronizer over the store of the settings, its state loaded. Raises StoreUnavailable.

    Nothing is rendered again, even by other settings: that is for the daemon, which may have others.
    """
    async with with_store(settings) as store:
        yield await _synchronizer(settings, store)


async def _synchronizer(settings: Settings, store: Database) -> Synchronizer:
    synchronizer = Synchronizer(store, policy_of(settings))
    await synchronizer.refresh()
    return synchronizer


def account_of(name: str) -> Account:
    """Return the account `user@server`. Raises SettingsError."""
    named = TrueConfId.parse(name)
    if not named.user or not named.server:
        raise SettingsError(f"{name!r} is not an account; write one like ivanov@video.example.com")
    if named.fault:
        raise SettingsError(f"{cut(name, _SHOWN)!r} is not an account: {named.fault}")
    return Account(named.user, named.server)


async def dismiss_rejected(settings: Settings, number: int) -> None:
    """Drop one rejected input. Raises UnknownName and StoreUnavailable."""
    async with with_store(settings) as store:
        await dismiss(store, number, utc_now())


async def retry_rejected(settings: Settings, each: RejectedInput) -> str:
    """
    Try rejected input again, and return the result as a sentence.

    Raises StillRejected where it is not understood now either, and StoreUnavailable.
    """
    async with with_store(settings) as store:
        synchronizer = await _synchronizer(settings, store)
        count = await understand_again(synchronizer, store, each, utc_now())
    return f"number {each.number} is understood now: {count} {'conference' if count == 1 else 'conferences'}"


@dataclass
class ReplayReport:
    """
    What a replay did.
    """

    lists: int
    edited: int
    removed: int
    older: int
    """Lists left out because a newer one of their account is known."""

    trouble: list[str]
    """`PLACE: FIELD: reason` of frames, `conference ID: FIELD: reason` of conferences."""


async def replay_recording(
    settings: Settings,
    frames: list[RecordedFrame],
    *,
    account: str | None,
    progress: Callable[[int], None],
) -> ReplayReport:
    """
    Put recorded events through the path of those that arrive. Raises SettingsError and StoreUnavailable.

    `progress` is called with the number of lists and rejected frames done so far.
    """
    played = ReplayReport(0, 0, 0, 0, [])
    async with with_store(settings) as store:
        synchronizer = await _synchronizer(settings, store)
        rejections = Rejections(store, keep_rules_of(settings), clock=utc_now)
        whose = partial(_fallback, settings, synchronizer.state, account_of(account) if account else None)
        for recorded, outcome in _outcomes(settings, frames, whose):
            match outcome:
                case Snapshot() if _is_older(outcome, synchronizer):
                    played.older += 1
                case Snapshot():
                    changes = await synchronizer.accept(outcome)
                    rejections.snapshot(outcome)
                    played.lists += 1
                    played.edited += len(changes.edits)
                    played.removed += len(changes.departures)
                    played.trouble += [f"conference {each}" for each in outcome.listing.rejections]
                case FrameRejected():
                    played.trouble.append(f"{recorded.place}: {outcome}")
                    rejections.frame(
                        recorded.source,
                        whose(recorded.source),
                        field=outcome.field,
                        reason=outcome.reason,
                        raw=recorded.frame,
                    )
                case ListWithoutAccount():
                    played.trouble.append(
                        f"{recorded.place}: the recording of {recorded.source} ends before it names the "
                        "account of its last list; record for a minute longer"
                    )
            await rejections.write()
            progress(recorded.number)
    return played


def _outcomes(
    settings: Settings, frames: list[RecordedFrame], whose: Callable[[str], Account]
) -> Iterator[tuple[RecordedFrame, Replayed]]:
    return replay(frames, whose, servers=_servers(settings), pinned=find_pinned_accounts(settings))


def _is_older(snapshot: Snapshot, synchronizer: Synchronizer) -> bool:
    last = synchronizer.state.account(snapshot.account).list_at
    return last is not None and snapshot.received_at.replace(microsecond=0) < last


def _servers(settings: Settings) -> dict[str, str]:
    """Return the domains of the sources whose endpoints do not decide it themselves."""
    return {name: each.server.lower() for name, each in settings.sources.items() if each.server}


def _fallback(settings: Settings, state: State, account: Account | None, source: str) -> Account:
    """Return the account of lists without one in a recording: `account`, else that of the daemon."""
    configured = settings.sources.get(source)
    if account:
        return account
    if configured and (configured.ingest_token or configured.account):
        return account_of_source(source, configured)
    heard = state.latest_from(source)
    if heard:
        return heard.account
    return account_of_source(source, configured) if configured else Account(source, "trueconf")
