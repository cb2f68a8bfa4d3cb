"""
The axes of charts: round numbers that hold every value.
"""

import pytest

from service.web.admin.charts import chart_of, ticks_of


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 1)),
        (2, (0, 1, 2)),
        (3, (0, 2, 4)),
        (7, (0, 4, 8)),
        (41, (0, 30, 60)),
        (100, (0, 50, 100)),
        (101, (0, 100, 200)),
        (0.3, (0, 0.2, 0.4)),
    ],
)
def test_an_axis_ends_at_a_round_number_that_holds_everything(most: float, ticks: tuple[float, ...]) -> None:
    assert ticks_of(most) == pytest.approx(ticks)


def test_lines_are_as_long_as_the_axis_says_the_longest_first() -> None:
    chart = chart_of({"a": 7, "b": 12})

    assert [(row.name, row.share) for row in chart.rows] == [("b", 60.0), ("a", 35.0)]
    assert chart.ticks == (0, 10, 20)
