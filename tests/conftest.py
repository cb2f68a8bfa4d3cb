"""
The same world for every test: the pinned time zones, and nothing of the caller's environment.
"""

import asyncio
import gc
import inspect
import os
import sys
from collections.abc import Callable, Coroutine, Generator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

import service  # noqa: F401 - the pinned zones for what the tests themselves read, before they read any
from tests.dealing import deal
from tests.tools import IN_CI, LONG

# Each local run draws other examples, and a failure prints how to have it again. CI draws the same
# examples every time, so that a change is refused for its own faults only, and it does not shrink: that
# takes minutes, and the printed blob lets a developer do it. No deadline: some machines are slow.
settings.register_profile("confcal", deadline=None, derandomize=False, print_blob=True)
settings.register_profile(
    "ci",
    settings.get_profile("confcal"),
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.target),
)
settings.load_profile("ci" if IN_CI else "confcal")

SAMPLES = Path(__file__).parent / "data" / "samples"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have Hypothesis draw from CONFCAL_TEST_SEED too, where it is set."""
    seed = os.environ.get("CONFCAL_TEST_SEED")
    if seed and config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = seed


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Print a failure when it happens: whoever has to end a run that hangs still learns what failed."""
    if report.failed and os.environ.get("PYTEST_XDIST_WORKER") is None:
        sys.stderr.write(f"\n{report.nodeid} failed in {report.when}:\n{report.longreprtext}\n")
        sys.stderr.flush()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from what lives to the end of the run: it took a tenth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


TEST_SECONDS = 24 * 3600 if LONG else 240
"""Less than the `timeout` of pyproject.toml, which ends the process without cleaning up."""


def limited(
    test: Callable[..., Coroutine[Any, Any, None]], seconds: float = TEST_SECONDS
) -> Callable[..., Coroutine[Any, Any, None]]:
    """Give a test a limit, after which it fails at the `await` where it waits, and cleans up."""

    @wraps(test)
    async def run(*arguments: object, **fixtures: object) -> None:
        async with asyncio.timeout(seconds):
            await test(*arguments, **fixtures)

    return run


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no test wait for ever for what does not come."""
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.obj = limited(item.obj)


WAITING = {"docs", "durability", "e2e"}
"""Folders of tests that start daemons, kill them, and wait for leases."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Deal the tests to the workers, who all collect the same ones."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        session.items[:] = deal(
            session.items,
            workers,
            module_of=lambda item: item.path,
            is_long=lambda item: item.path.parent.name in WAITING,
        )


def _is_foreign(name: str) -> bool:
    return name.upper().startswith("CONFCAL_") or name.upper().endswith("_PROXY")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the settings, the proxies and the home folder of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if _is_foreign(name)]:
        monkeypatch.delenv(name)
