"""
What the tests need besides Python, and is not everywhere.
"""

import os
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"
LONG = "LONG_TESTS" in os.environ


def how_often(here: int, in_ci: int, long: int) -> int:
    """Return how often a test of chance tries: CI has minutes, `LONG_TESTS=1` has hours."""
    return long if LONG else in_ci if IN_CI else here


def missing(reason: str) -> NoReturn:
    """Leave the test out, loudly; where CI=true, fail: there everything must be there."""
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)
