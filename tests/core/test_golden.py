"""
Every sample list becomes the very bytes that were looked at once.

A difference is part of a change, or a mistake.

CONFCAL_WRITE_GOLDEN=1 writes them anew; look at the difference before it is committed.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hatch_build import compiled
from service.core.account_state import Revision
from service.core.conference import Key
from service.core.errors import FrameRejected
from service.core.ical import Heading, render_calendar, render_vevent
from service.core.vevent import Rendering, Translate, to_vevent
from service.core.weekly import WeeklyRules
from service.language import translator
from service.trueconf.wire import list_of

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "tests" / "data"
SAMPLES = sorted((DATA / "samples").glob("*.json"))
NO_LISTS = {
    "23_B_none_and_failed",
    "24_auth_ok",
    "25_auth_failed",
    "26_unauthorised_command_reply",
    "27_getScheduler_result_false",
    "28_session_user_change_frames",
    "29_malformed_truncated_frame",
    "30_discovery_config",
}
LISTS = [sample for sample in SAMPLES if sample.stem not in NO_LISTS]
IN_RUSSIAN = ("05_A_mixed_none_once_week_running", "12_mode_spellings")
SERVER = "video.example.com"
RENDERING = Rendering(WeeklyRules("Europe/Moscow"), people=True)
# Read here because the tests themselves run without the settings of whoever starts them.
WRITE = bool(os.environ.get("CONFCAL_WRITE_GOLDEN"))
REVISION = Revision(0, datetime(2026, 10, 1, 8, tzinfo=UTC))


def calendar_of(sample: Path, translate: Translate) -> bytes:
    """Return the feed of one sample list."""
    conferences = list_of(sample.read_bytes()).conferences
    contents = (to_vevent(Key(SERVER, c.id), c, RENDERING, translate=translate) for c in conferences)
    vevents = sorted(
        (render_vevent(content, REVISION) for content in contents if content), key=lambda v: v.uid
    )
    return render_calendar(Heading("TrueConf", timezone="Europe/Moscow"), vevents)


@pytest.fixture(scope="module")
def russian(tmp_path_factory: pytest.TempPathFactory) -> Translate:
    """The Russian texts as the package carries them, compiled from what is in the tree."""
    messages = tmp_path_factory.mktemp("locale") / "ru" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    source = ROOT / "service" / "locale" / "ru" / "LC_MESSAGES" / "confcal.po"
    (messages / source.name).write_bytes(source.read_bytes())
    compiled(messages / source.name)
    return translator("ru", locales=messages.parent.parent)


def compare(path: Path, written: bytes) -> None:
    if WRITE:
        path.write_bytes(written)
    assert written.decode().split("\r\n") == path.read_bytes().decode().split("\r\n")


@pytest.mark.parametrize("sample", LISTS, ids=lambda sample: sample.stem)
def test_a_sample_becomes_the_calendar_that_was_looked_at(sample: Path) -> None:
    compare(DATA / "golden" / f"{sample.stem}.ics", calendar_of(sample, translator("en")))


@pytest.mark.parametrize("name", IN_RUSSIAN)
def test_a_sample_becomes_the_russian_calendar_that_was_looked_at(name: str, russian: Translate) -> None:
    compare(DATA / "golden" / f"{name}.ru.ics", calendar_of(DATA / "samples" / f"{name}.json", russian))


def test_no_golden_file_is_left_over() -> None:
    expected = {sample.stem for sample in LISTS} | {f"{name}.ru" for name in IN_RUSSIAN}

    assert {path.stem for path in (DATA / "golden").glob("*.ics")} == expected


@pytest.mark.parametrize("name", sorted(NO_LISTS))
def test_what_is_no_list_becomes_no_calendar(name: str) -> None:
    with pytest.raises(FrameRejected):
        list_of((DATA / "samples" / f"{name}.json").read_bytes())


@pytest.mark.parametrize(
    "surroundings",
    [
        {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "ru"},
        {"TZ": "", "PYTHONHASHSEED": "random", "LC_ALL": "C", "PYTHONUTF8": "0"},
    ],
    ids=lambda surroundings: surroundings["TZ"] or "C",
)
def test_another_locale_zone_or_hash_seed_gives_the_same_bytes(surroundings: Mapping[str, str]) -> None:
    script = (
        "import sys; import tests.conftest; from service.language import translator\n"
        "from tests.core.test_golden import *\n"
        "for sample in LISTS: sys.stdout.buffer.write(calendar_of(sample, translator('en')))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **surroundings},
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=200,
    )

    assert answer.returncode == 0, answer.stderr.decode(errors="replace")
    assert answer.stdout == b"".join(
        (DATA / "golden" / f"{sample.stem}.ics").read_bytes() for sample in LISTS
    )
