"""
What is kept up step by step is what looking through everything gives, and a change makes no other feed old.
"""

import asyncio
import sys
from datetime import timedelta
from types import FrameType

from hypothesis import given, settings
from hypothesis import strategies as st

from service.app.oddities import Oddities
from service.calendars.directory import Directory, FeedRules, find_touched
from service.calendars.feeds import Feeds
from service.core.account_state import AccountState
from service.core.conference import Account, Conference
from service.core.state import State
from tests.core.given import DESK, ROOM, SERVER, conference, listed, once, weekly
from tests.core.story import Story
from tests.store.memory import MemoryStore
from tests.web.given import FailingStore, served

HALL = Account("hall", SERVER)
ACCOUNTS = (ROOM, DESK, HALL)
CONFERENCES = st.builds(
    conference,
    st.sampled_from("12345678"),
    st.sampled_from(["Planning", "Review"]),
    st.sampled_from([once(), weekly(), weekly("2026-10-05 11:00")]),
)
LISTS = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        st.lists(CONFERENCES, max_size=5, unique_by=lambda each: each.id),
        st.sampled_from([timedelta(minutes=10), timedelta(minutes=30), timedelta(days=9)]),
    ),
    max_size=12,
)
Lists = list[tuple[Account, list[Conference], timedelta]]


@given(LISTS)
def test_after_any_lists_the_state_knows_in_whose_calendars_each_conference_is(lists: Lists) -> None:
    story = Story()
    for account, conferences, after in lists:
        before = story.state
        story.hears(*conferences, account=account, after=after)
        if story.known(account).held:
            story.approves(account)
        whole = State(entries=story.state.entries, accounts=story.state.accounts)

        assert story.state.holders == whole.holders
        touched = find_touched(before, story.state)
        assert {each for each in ACCOUNTS if shown(before, each) != shown(story.state, each)} <= set(touched)


def shown(state: State, account: Account) -> object:
    known = state.account(account)
    return known.closed, {key: state.entries[key] for key in known.members()}


@settings(max_examples=25)
@given(LISTS)
def test_a_feed_that_stays_current_is_the_one_that_would_be_built(lists: Lists) -> None:
    async def hear() -> None:
        async with served() as web:
            at = web.clock.now
            for account, conferences, after in lists:
                at += after
                await web.accept(listed(*conferences, account=account, at=at))
                await compare(web.feeds, web.store)

    asyncio.run(hear())


async def compare(feeds: Feeds, store: FailingStore) -> None:
    anew = Feeds(store, feeds.rules, state=feeds.state, clock=lambda: at_any_time)
    await anew.start()
    for name in feeds.calendars:
        assert (await feeds.feed(name)).body == (await anew.feed(name)).body


at_any_time = listed().received_at


def test_a_changed_list_takes_no_more_work_among_many_accounts_than_among_few() -> None:
    # As many as are compared one by one where the map of all accounts is not divided yet.
    few, many = calls_of_a_changed_list(120), calls_of_a_changed_list(4_000)

    assert many < 1.3 * few


def calls_of_a_changed_list(accounts: int) -> int:
    """Count the calls that a list takes in which one topic is other, up to which feeds it makes old."""
    story = Story()
    story.hears(conference("1"), conference("2"))
    others = (Account(f"room{number}", SERVER) for number in range(accounts))
    known = (AccountState(each, list_at=story.now, source=each.peer) for each in others)
    story.state = story.state.replace_accounts(known)
    directory = Directory(MemoryStore(), FeedRules(b"secret", "https://calendars.example.com", "full-en"))
    directory.follow(story.state)
    oddities = Oddities(lambda: story.state)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        story.hears(conference("1", "Other"), conference("2"), after=timedelta(minutes=10))
        touched = directory.follow(story.state)
        oddities.report("lobby", story.now)
        heard = story.state.latest_from("lobby")
    finally:
        sys.setprofile(None)
    assert heard
    assert list(touched) == [heard.account] == [ROOM]
    return calls


async def test_a_change_makes_the_feeds_old_that_may_show_it_and_no_others() -> None:
    async with served() as web:
        await web.accept(listed(conference("1"), conference("2")))
        await web.accept(listed(conference("2"), account=DESK))
        await web.accept(listed(conference("3"), account=HALL))
        names = ["all", *map(str, ACCOUNTS)]
        for name in names:
            await web.feeds.feed(name)

        later = listed().received_at + timedelta(minutes=10)
        await web.accept(listed(conference("1", "Renamed"), conference("2"), at=later))
        assert [name for name in names if not web.feeds.fresh(name)] == ["all", str(ROOM)]

        for name in names:
            await web.feeds.feed(name)
        await web.accept(listed(conference("1", "Renamed"), conference("2", "Shared"), at=later))
        assert [name for name in names if not web.feeds.fresh(name)] == ["all", str(ROOM), str(DESK)]
