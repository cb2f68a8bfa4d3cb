"""
Which addresses there are, whoever rotates them.
"""

from dataclasses import replace

from service.calendars.directory import Directory, FeedRules
from service.calendars.tokens import LookupFailure, token_of
from service.core.account_state import AccountState
from service.core.conference import Account, Invitation
from service.core.ports import FeedRecord
from service.core.revision import Policy, revise
from service.core.state import State
from tests.core.given import DESK, NOW, conference, listed
from tests.store.memory import MemoryStore

SECRET = b"a secret of the tests"


async def directory(store: MemoryStore) -> Directory:
    made = Directory(store, FeedRules(SECRET, "https://calendars.example.com", "full-en"))
    made.follow(State())
    await made.refresh()
    return made


async def test_a_rotation_follows_the_one_that_another_process_made_meanwhile() -> None:
    store = MemoryStore()
    ours, theirs = await directory(store), await directory(store)
    await theirs.rotate("all", NOW)

    await ours.rotate("all", NOW)

    assert await store.rotations() == {"all": 2}
    assert ours.addresses.find(token_of(SECRET, "all", 1)) is LookupFailure.ROTATED
    assert ours.addresses.find(token_of(SECRET, "all", 2)) == "all"


async def test_only_a_rotation_is_news() -> None:
    store = MemoryStore()
    ours = await directory(store)
    assert not await ours.refresh()

    await store.record_feed("all", FeedRecord(digest="served"))
    assert not await ours.refresh()

    record = (await store.feeds())["all"]
    await store.record_feed("all", replace(record, generation=1))
    assert await ours.refresh()
    assert not await ours.refresh()


LOBBY = Account("lobby", "video.example.com")


def heard(*accounts: Account) -> State:
    return State().replace_accounts(map(AccountState, accounts))


async def test_a_forgotten_account_has_no_calendar_and_its_old_address_stays_taken_back() -> None:
    store = MemoryStore()
    ours = await directory(store)
    ours.follow(heard(LOBBY))
    await ours.rotate(str(LOBBY), NOW)
    old, new = (token_of(SECRET, str(LOBBY), generation) for generation in (0, 1))

    ours.follow(heard())
    after_restart = await directory(store)

    for each in (ours, after_restart):
        assert str(LOBBY) not in each.calendars
        assert each.addresses.find(old) is LookupFailure.ROTATED
        assert each.addresses.find(new) is LookupFailure.UNKNOWN


async def test_an_account_that_comes_back_has_the_address_it_had_last() -> None:
    ours = await directory(MemoryStore())
    ours.follow(heard(LOBBY))
    await ours.rotate(str(LOBBY), NOW)
    ours.follow(heard())
    ours.follow(heard(LOBBY))

    assert ours.addresses.find(token_of(SECRET, str(LOBBY), 0)) is LookupFailure.ROTATED
    assert ours.addresses.find(token_of(SECRET, str(LOBBY), 1)) == str(LOBBY)


async def test_a_calendar_is_called_by_the_name_of_whose_it_is() -> None:
    ours = await directory(MemoryStore())
    invited = replace(conference("1"), invitations=(Invitation(str(DESK), "Ivan Ivanov"),))
    snapshot = listed(invited, account=DESK)
    ours.follow(State().after(revise(State(), snapshot, Policy()), snapshot, 1))

    names = {name: ours.name_calendar(calendar) for name, calendar in ours.calendars.items()}
    assert names == {"all": "TrueConf", str(DESK): "Ivan Ivanov"}
