"""
The same world for every test: the pinned time zones, and nothing of the caller's environment.
"""

import os
from pathlib import Path

import pytest
from hypothesis import settings

import service  # noqa: F401 - the pinned zones for what the tests themselves read, before they read any

# Other examples with every run, in CI too; a failure tells how to have it again. No deadline: some
# machines are slow.
settings.register_profile("confcal", deadline=None, derandomize=False, print_blob=True)
settings.load_profile("confcal")

SAMPLES = Path(__file__).parent / "data" / "samples"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have Hypothesis draw from CONFCAL_TEST_SEED too, where it is set."""
    seed = os.environ.get("CONFCAL_TEST_SEED")
    if seed and config.getoption("hypothesis_seed") is None:
        config.option.hypothesis_seed = seed


def _is_foreign(name: str) -> bool:
    return name.upper().startswith("CONFCAL_") or name.upper().endswith("_PROXY")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the settings, the proxies and the home folder of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if _is_foreign(name)]:
        monkeypatch.delenv(name)
