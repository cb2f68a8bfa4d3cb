"""
What follows the state change by change says the same as what looks through everything.
"""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from service.app.policy import policy_of
from service.calendars.calendar import holds
from service.core.conference import Account, Conference, Invitation
from service.core.kinds import Kinds
from service.core.schedule import Unscheduled, Weekly
from service.web.calendar_summaries import Summaries
from tests.core.given import DESK, NOW, ROOM, conference, listed, once, room, weekly
from tests.web.administered import administered

FORMS = [
    conference("0", "Board", once()),
    conference("0", "Plan", weekly()),
    room("0"),
    conference("0", "Plan"),
]


def meeting(id_: int, form: int, invited: int, hours: int) -> Conference:
    chosen, schedule = FORMS[form], FORMS[form].schedule
    if not isinstance(schedule, Unscheduled):
        schedule = replace(schedule, start=schedule.start + timedelta(hours=hours))
    people = tuple(Invitation(f"person{number}", "") for number in range(invited))
    return replace(chosen, id=str(id_), schedule=schedule, invitations=people)


meetings = st.builds(meeting, st.integers(1, 6), st.integers(0, 3), st.integers(0, 2), st.integers(0, 30))
lists = st.tuples(
    st.sampled_from([ROOM, DESK]), st.lists(meetings, max_size=5, unique_by=lambda each: each.id)
)


@given(st.lists(lists, min_size=1, max_size=8))
@settings(max_examples=30)
async def test_summaries_and_kinds_follow_every_change(
    history: list[tuple[Account, list[Conference]]],
) -> None:
    async with administered(
        CALENDARS_FOR_PEOPLE="true", CALENDARS__BOARD__TOPIC="board*", REMOVAL__HOLD_COUNT="100"
    ) as site:
        directory, policy = site.feeds.directory, policy_of(site.reporter.settings_in_force)
        followed, kinds = Summaries(policy), Kinds()
        for number, (account, listing) in enumerate(history):
            now = NOW + number * timedelta(hours=5)
            await site.accept(listed(*listing, account=account, source=account.peer, at=now))
            state = directory.state
            for calendar in directory.calendars.values():
                fresh = Summaries(policy).summarize(calendar, directory, now)
                assert followed.summarize(calendar, directory, now) == fresh
                entries = directory.entries(calendar)
                assert {each.key for each in entries} == {
                    k for k in state.entries if holds(calendar, state, k)
                }
            held = [each for key, each in state.entries.items() if not key.part and state.reporters(key)]
            kinds = kinds.follow(state)
            assert dict(kinds.weekly) == {e.key: e for e in held if isinstance(e.conference.schedule, Weekly)}
            rooms = {e.key: e for e in held if isinstance(e.conference.schedule, Unscheduled)}
            assert dict(kinds.unscheduled) == rooms
            assert state.count == len(held)
