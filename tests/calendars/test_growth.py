"""
What is kept up step by step is what looking through everything gives, and a change makes no other feed old.
"""

import asyncio
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from service.calendars.directory import find_touched
from service.calendars.feeds import Feeds
from service.core.conference import Account, Conference
from service.core.state import State
from tests.core.given import DESK, ROOM, SERVER, conference, listed, once, weekly
from tests.core.story import Story
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
