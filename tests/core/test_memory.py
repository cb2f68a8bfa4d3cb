"""
What was freed goes back to the system.
"""

import traceback
import weakref

import pytest

from service.core.memory import forget_locals, give_back_freed


class Large:
    """What somebody may hold."""


def test_it_may_be_given_back_at_any_time() -> None:
    kept = [bytes(1000) for _ in range(10_000)]
    del kept[::2]

    give_back_freed()
    give_back_freed()

    assert len(kept) == 5_000


def failed(watched: list[weakref.ref[Large]]) -> ValueError:
    """Return an error behind which there is another one, in a function that holds something large."""

    def read() -> None:
        held = Large()
        watched.append(weakref.ref(held))
        raise KeyError("x")

    def translated() -> None:
        try:
            read()
        except KeyError as error:
            raise ValueError("nobody can read it") from error

    with pytest.raises(ValueError, match="nobody") as told:
        translated()
    return told.value


def test_an_error_that_is_kept_keeps_its_lines_and_nothing_else() -> None:
    watched: list[weakref.ref[Large]] = []
    error = failed(watched)
    assert watched[0]() is not None

    forget_locals(error)

    assert watched[0]() is None
    assert 'raise KeyError("x")' in "".join(traceback.format_exception(error))
