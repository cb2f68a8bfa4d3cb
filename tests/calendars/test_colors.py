"""
The colors that a calendar may have.
"""

from service.calendars.calendar import NAMES


def test_the_names_of_colors_are_those_of_css() -> None:
    assert {"rebeccapurple", "no color"}.isdisjoint(NAMES)
    assert {"aqua", "cyan", "gray", "grey", "yellowgreen"} <= NAMES
    assert len(NAMES) == 147
