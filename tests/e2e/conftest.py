from pathlib import Path

import pytest

from tests.contracts.conftest import postgresql
from tests.e2e.program import Home

__all__ = ["home", "postgresql"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An installation that was never started."""
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")
