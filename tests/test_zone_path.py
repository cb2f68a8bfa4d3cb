"""
The zones are those of the pinned package, whatever zone files the machine has.
"""

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from tests.conftest import SAMPLES

ROOT = Path(__file__).parent.parent
WEEKLY = SAMPLES / "02_A_week_mon_thu.json"
MOSCOW = """
import {module}
from datetime import datetime
from zoneinfo import ZoneInfo
print(datetime(2026, 1, 1, tzinfo=ZoneInfo("Europe/Moscow")).utcoffset())
"""


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    """Give a folder of zone files in which Moscow has the hours of Tokyo."""
    tokyo = files("tzdata.zoneinfo").joinpath("Asia", "Tokyo").read_bytes()
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Moscow").write_bytes(tokyo)
    return tmp_path


def python(*arguments: object, **environment: object) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_the_wrong_file_is_read_without_confcal(wrong: Path) -> None:
    assert python("-c", MOSCOW.format(module="os"), PYTHONTZPATH=wrong) == "9:00:00\n"


@pytest.mark.parametrize("variable", ["PYTHONTZPATH", "TZDIR"])
@pytest.mark.parametrize(
    "module", ["service", "service.core.vtimezone", "service.__main__", "tests.conftest", "bench.conversion"]
)
def test_a_wrong_zone_file_of_the_machine_is_not_read(wrong: Path, variable: str, module: str) -> None:
    assert python("-c", MOSCOW.format(module=module), **{variable: wrong}) == "3:00:00\n"


def test_a_zone_that_was_read_before_is_read_again(wrong: Path) -> None:
    before = MOSCOW.format(module="os")

    assert python("-c", before + MOSCOW.format(module="service"), PYTHONTZPATH=wrong) == "9:00:00\n3:00:00\n"


def test_a_wrong_zone_file_of_the_machine_moves_no_event(wrong: Path) -> None:
    convert = ("-m", "service", "convert", "--timezone", "Europe/Moscow", WEEKLY)
    expected = python(*convert)

    assert "TZOFFSETTO:+0300" in expected
    assert python(*convert, PYTHONTZPATH=wrong) == expected
    assert python(*convert, TZDIR=wrong) == expected


def test_the_search_path_is_chosen_in_one_place() -> None:
    sources = [path for folder in ("service", "bench") for path in (ROOT / folder).rglob("*.py")]

    choosing = [str(p.relative_to(ROOT)) for p in sources if "reset_tzpath" in p.read_text("utf-8")]

    assert choosing == ["service/__init__.py"]
