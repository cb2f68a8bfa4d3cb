"""
The same world for every test: the pinned time zones, and nothing of the caller's environment.
"""

import os
import zoneinfo
from pathlib import Path

import pytest

# What is tested is what is shipped: the zones of the tzdata package, whatever the machine has.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()

SAMPLES = Path(__file__).parent / "data" / "samples"


def _is_foreign(name: str) -> bool:
    return name.upper().startswith("CONFCAL_") or name.upper().endswith("_PROXY")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Hide the settings, the proxies and the home folder of whoever runs the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if _is_foreign(name) and name != "CONFCAL_TEST_SEED"]:
        monkeypatch.delenv(name)
