"""
Days of the week.
"""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from service.core.schedule import Weekday


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(-20, 20))
def test_a_shifted_weekday_is_that_of_the_shifted_date(day: date, days: int) -> None:
    assert Weekday(day.weekday()).shift(days) == (day + timedelta(days)).weekday()


def test_weekdays_are_named_and_ordered_as_rfc_5545_does() -> None:
    assert [day.name for day in sorted(Weekday)] == ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
