"""
What a query asks the schedule for, and what stands around it.
"""

from datetime import date

import pytest

from service.web.pages.asked import Asked, View, read_asked

TODAY = date(2026, 10, 5)
MONDAY, SUNDAY = 0, 6


def asked(**params: str) -> Asked:
    return read_asked(params, TODAY, handheld=False)


def test_a_phone_begins_with_the_agenda_and_all_else_with_the_week() -> None:
    assert asked().view is View.WEEK
    assert read_asked({}, TODAY, handheld=True).view is View.AGENDA
    assert read_asked({"view": "day"}, TODAY, handheld=True).view is View.DAY
    assert asked(view="year").view is View.WEEK


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"view": "day", "day": "2026-10-09"}, "?view=day&day=2026-10-09"),
        ({"view": "week", "day": "2026-10-09"}, "?view=week&day=2026-10-09"),
        ({"view": "month", "day": "2026-11-09"}, "?view=month&month=2026-11"),
        ({"day": "2026-10-09"}, "?view=agenda&day=2026-10-09"),
        ({"month": "2026-12"}, "?view=month&month=2026-12"),
        ({"view": "day", "day": "2031-01-01"}, "?view=day&day=2027-10-01"),
        ({"view": "week", "day": "nonsense"}, "?view=week&day=2026-10-05"),
    ],
)
def test_what_is_asked_for_is_understood_or_the_nearest_to_it(params: dict[str, str], query: str) -> None:
    assert asked(**params).query == query


def test_each_view_is_turned_by_its_own_length_and_within_the_schedule() -> None:
    def around(**params: str) -> list[str]:
        found = asked(**params)
        return [each.query if each else "" for each in (found.previous, found.next)]

    assert around(view="day") == ["?view=day&day=2026-10-04", "?view=day&day=2026-10-06"]
    assert around(view="week") == ["?view=week&day=2026-09-28", "?view=week&day=2026-10-12"]
    assert around(view="month") == ["?view=month&month=2026-09", "?view=month&month=2026-11"]
    assert around(day="2026-10-31") == ["?view=agenda&day=2026-10-30", "?view=agenda&day=2026-11-01"]
    assert around(view="day", day="2026-04-01")[0] == ""
    assert around(view="month", month="2027-10")[1] == ""


def test_another_view_of_this_month_begins_today_and_of_another_one_where_it_was() -> None:
    assert asked(view="month").change_view(View.DAY).day == TODAY
    assert asked(view="month", month="2026-12").change_view(View.WEEK).day == date(2026, 12, 1)
    assert asked(view="day", day="2026-10-21").change_view(View.MONTH).query == "?view=month&month=2026-10"
    assert asked(view="day", day="2026-10-21").change_view(View.WEEK).day == date(2026, 10, 21)


def test_a_view_spans_the_days_that_it_is_named_for() -> None:
    day = date(2026, 10, 7)
    views = {view: Asked(view, day, TODAY) for view in View}

    assert views[View.DAY].days(MONDAY) == (day, day)
    assert views[View.WEEK].days(MONDAY) == (date(2026, 10, 5), date(2026, 10, 11))
    assert views[View.WEEK].days(SUNDAY) == (date(2026, 10, 4), date(2026, 10, 10))
    assert views[View.MONTH].days(MONDAY) == (date(2026, 9, 28), date(2026, 11, 1))
    assert views[View.AGENDA].days(MONDAY) == (date(2026, 10, 1), date(2026, 10, 31))
    assert views[View.AGENDA].narrow_to(day).days(MONDAY) == (day, day)
