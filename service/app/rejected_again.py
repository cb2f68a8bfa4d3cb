"""
What somebody does about rejected input: have it tried again, or dismiss it.
"""

from dataclasses import replace
from datetime import datetime

from service.app.synchronizer import Synchronizer
from service.core.conference import Account, Listing, Snapshot
from service.core.errors import FrameRejected, StillRejected, UnknownName
from service.core.journal import FieldChange, Happening, JournalEntry
from service.core.ports import RejectedStore
from service.core.rejected import PEER_ID, RejectedInput
from service.core.trueconf_id import TrueConfId
from service.trueconf.wire import list_of

_RETRIED = "tried again by hand"
"""The doubt of a list that is only one rejected conference: what else it lacks is not gone."""


async def understand_again(
    synchronizer: Synchronizer, store: RejectedStore, each: RejectedInput, now: datetime
) -> int:
    """
    Have what is understood by now enter the calendars, and return how many conferences it was.

    Raises StillRejected, and StoreUnavailable; the input stays kept then.
    """
    snapshot = parse_again(each, now)
    await synchronizer.amend(snapshot)
    await store.forget_rejected(each.number, journal=[entry_of(each, Happening.REJECTED_RETRIED, now)])
    return len(snapshot.listing.conferences)


async def dismiss(store: RejectedStore, number: int, now: datetime) -> None:
    """Drop one rejected input, and write that to the journal. Raises UnknownName and StoreUnavailable."""
    found = await store.load_rejected(most_raw=0, number=number)
    entries = [entry_of(each, Happening.REJECTED_DISMISSED, now) for each in found]
    if not found or not await store.forget_rejected(number, journal=entries):
        raise UnknownName(f"nothing rejected has the number {number}; `confcal rejected` lists what is kept")


def entry_of(each: RejectedInput, event: Happening, now: datetime) -> JournalEntry:
    """Return the journal's entry: which field it was, and nothing of what arrived."""
    account = TrueConfId.parse(each.account)
    return JournalEntry(
        now.replace(microsecond=0),
        event,
        source=each.source,
        account=each.account,
        server=account.server,
        conference_id=each.conference_id,
        fields=(FieldChange("field", "", each.field),),
    )


def parse_again(each: RejectedInput, now: datetime) -> Snapshot:
    """Return rejected input as a list that proves nothing about the rest. Raises StillRejected."""
    if not each.whole:
        raise StillRejected(f"number {each.number} was too large to be kept whole: it cannot be tried again")
    if not each.account:
        raise StillRejected(f"it is not known whose list number {each.number} was: it cannot be tried again")
    if each.field == PEER_ID:
        raise StillRejected(
            f"number {each.number} is of a user whose lists were not taken: it cannot be tried again; "
            "log in as the right user, or change the ACCOUNT of the source"
        )
    listing = _read(each)
    named = TrueConfId.parse(each.account)
    account = Account(named.user, named.server)
    return Snapshot(account, each.source, now, replace(listing, doubts=(*listing.doubts, _RETRIED)))


def _read(each: RejectedInput) -> Listing:
    # The versions of a conference that was listed twice are kept together, as a list.
    one = each.raw if each.raw.startswith(b"[") else b"[" + each.raw + b"]"
    raw = b'{"event":"conferenceList","conferences":' + one + b"}" if each.of_conference else each.raw
    try:
        listing = list_of(raw)
    except FrameRejected as error:
        raise StillRejected(f"number {each.number} is still not understood: {error}") from error
    for rejection in listing.rejections:
        raise StillRejected(f"number {each.number} is still not understood: {rejection}")
    return listing
