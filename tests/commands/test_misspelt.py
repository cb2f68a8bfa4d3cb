"""
What is misspelt on the command line is answered with the nearest that there is.
"""

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import held
from tests.core.given import ROOM


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("conferenses", "No such command 'conferenses'; did you mean conferences?"),
        ("feed", "No such command 'feed'; did you mean feeds?"),
        ("xyzzy", "No such command 'xyzzy'."),
    ],
)
def test_a_command_that_there_is_not_is_told_with_the_nearest(
    confcal: Confcal, written: str, told: str
) -> None:
    done = confcal(written)

    assert (done.code, done.err.splitlines()[-1]) == (2, f"Error: {told}")


def test_a_pattern_that_no_calendar_fits_is_told_with_the_nearest(confcal: Confcal) -> None:
    held()
    user, _, server = str(ROOM).partition("@")

    done = confcal("feeds", f"{user}s@{server}")

    assert (done.code, done.text) == (0, "")
    assert f"No calendar is like '{user}s@{server}'; did you mean {ROOM}?" in done.err


def test_the_user_alone_is_told_with_the_whole_name_of_the_calendar(confcal: Confcal) -> None:
    held()
    user = str(ROOM).partition("@")[0]

    done = confcal("feeds", "rotate", user)

    assert done.err == f"confcal: there is no calendar {user!r}; did you mean {ROOM}?\n"
