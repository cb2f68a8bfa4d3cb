"""
What works and lets others in is told at the start and by check.
"""

from pathlib import Path

import pytest

from tests.commands.conftest import Confcal
from tests.e2e.program import Home

TOLD = "CONFCAL_TRUSTED_PROXIES covers every IPv4 address, "


def test_check_warns_below_the_settings(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_TRUSTED_PROXIES", "0.0.0.0/0")

    _, warning, *_ = confcal("check").squeezed.splitlines()

    assert warning.startswith(f"warning {TOLD}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that others may look into."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    return tmp_path / "data"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_the_daemon_warns_once_at_its_start_and_closes_its_folder(data: Path) -> None:
    home, given = Home(data.parent), {"TRUSTED_PROXIES": "0.0.0.0/0", "DATA_DIR": str(data)}

    async with home.daemon("ws://127.0.0.1:9", **given) as daemon:
        event = await daemon.program.event("settings.warning")

        assert event["level"] == "warning"
        assert event["warning"].startswith(TOLD)
        assert daemon.program.events().count("settings.warning") == 1
        assert mode(data) == 0o700
