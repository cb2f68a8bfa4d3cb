from pathlib import Path

import pytest

from tests.e2e.program import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation that was never started."""
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")
