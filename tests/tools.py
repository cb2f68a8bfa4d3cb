"""
What tests of several folders need.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import pytest
import structlog

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


@contextmanager
def restoring_logging() -> Iterator[None]:
    """Leave the logs as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)
