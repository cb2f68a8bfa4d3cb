"""
What may arrive, and when.
"""

from datetime import timedelta

from hypothesis import strategies as st

from tests.durability.told import DAY, HOUR, MINUTE, START, WEEK, Edit, Told, days_of

USERS = ("ivanov", "brown", "chen")
IDS = tuple(f"{number:03}" for number in range(1, 10))

A_QUARTER = 15 * MINUTE

topics = st.sampled_from(["Планёрка", "Review", "Стендап, 🚀"])
owners = st.sampled_from([*USERS, "nobody"])
hours = st.sampled_from([timedelta(), 3 * HOUR, 13 * HOUR + 30 * MINUTE])
"""After 8:00 in UTC: by the last one it is another day in Moscow."""

durations = st.sampled_from([HOUR, 2 * HOUR])


@st.composite
def series(draw: st.DrawFn) -> Told:
    """Give a weekly conference that may begin long ago, around now or later."""
    day = draw(st.sampled_from([-900, -400, -63, -14, -2, 0, 1, 3, 8, 23, 150]))
    start = START + day * DAY + draw(hours)
    days = days_of(start, *draw(st.frozensets(st.integers(1, 6), max_size=2)))
    return Told(draw(topics), "week", start, days, draw(durations), draw(owners))


rooms_without_end = st.builds(Told, topic=topics, kind=st.just("none"), owner=owners)
single = st.builds(
    Told,
    topic=topics,
    kind=st.just("once"),
    starts_at=st.sampled_from([-400, -1, 1, 2, 9, 60, 500]).map(lambda day: START + day * DAY),
    duration=durations,
    owner=owners,
)
told = rooms_without_end | single | series() | series()
whole_lists = st.dictionaries(st.sampled_from(IDS), told, max_size=len(IDS)) | st.fixed_dictionaries(
    dict.fromkeys(IDS, told)
)

rooms = st.sampled_from(["lobby", "hall", "annex", "kiosk"])
some_ids = st.frozensets(st.sampled_from(IDS), max_size=3)
waits = st.sampled_from(
    [timedelta(seconds=10), 5 * MINUTE, A_QUARTER - timedelta(seconds=1), A_QUARTER, HOUR / 2, HOUR]
)
passing = st.sampled_from([5 * HOUR, DAY, 3 * DAY, WEEK, 3 * WEEK])
"""So long that meetings take place meanwhile."""

any_wait = waits | passing
forward = [timedelta(seconds=30), MINUTE, HOUR, DAY, 9 * DAY, 400 * DAY]
back = [timedelta(seconds=-30), -2 * MINUTE, -HOUR, -DAY, -30 * DAY]
steps = st.sampled_from(forward + back)


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """Give what somebody does to a conference, whatever it was."""
    return Edit(
        draw(st.sampled_from(Edit.KINDS)), draw(st.integers(1, 6)), draw(topics), draw(st.integers(-3, 30))
    )


bad_frames = st.one_of(
    st.sampled_from(
        [
            b'{"method":"event","event":"conferenceList","cnt":1,"conferences":[{"id":"001"',
            b"[]",
            b'"conferenceList"',
            b'{"method":"getScheduler","conferences":[],"succeed":false}',
            b'{"event":"conferenceList","conferences":{"001":{}}}',
            b'{"event":"conferenceList","cnt":0}',
            b"[" * 5000,
        ]
    ),
    st.binary(max_size=40).map(lambda octets: b"\xff" + octets),
)
refusals = st.sampled_from(
    [
        b'{"event":"conferenceList","conferences":[],"result":false}',
        b'{"method":"getScheduler","error":"Access denied"}',
    ]
)
