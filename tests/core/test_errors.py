"""
What errors tell besides their text; they are raised anew elsewhere, and keep it.
"""

from copy import copy
from typing import Any

import pytest

from service.core.errors import (
    CollectionMissing,
    ConfcalError,
    Conflict,
    CredentialsRefused,
    FrameRejected,
    PlaceNotTrusted,
    Retryable,
    SourceFlooded,
)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Retryable("busy", delay_seconds=3.0, crowded=True), {"delay_seconds": 3.0, "crowded": True}),
        (Retryable("busy"), {"delay_seconds": None, "crowded": False}),
        (
            Conflict("403", blames_target=True, passing=True, in_front=403),
            {"blames_target": True, "passing": True, "in_front": 403},
        ),
        (Conflict("413"), {"blames_target": False, "passing": False, "in_front": 0}),
        (CredentialsRefused("401", delay_seconds=60.0), {"delay_seconds": 60.0}),
        (PlaceNotTrusted("elsewhere", "dav.example.org"), {"entry": "dav.example.org"}),
        (CollectionMissing("none", "Baikal"), {"server": "Baikal"}),
    ],
)
def test_a_copy_tells_what_the_error_told(error: ConfcalError, told: dict[str, Any]) -> None:
    for each in (error, copy(error)):
        assert str(each) == str(error)
        assert {name: getattr(each, name) for name in told} == told


def test_a_rejected_frame_names_its_field_and_the_reason() -> None:
    error = FrameRejected("conferences", "it is no list")

    assert (error.field, error.reason, str(error)) == (
        "conferences",
        "it is no list",
        "conferences: it is no list",
    )


def test_a_flooded_source_is_told_when_it_may_go_on() -> None:
    error = SourceFlooded(7)

    assert (error.wait_seconds, "in 7 s" in str(error)) == (7, True)
