import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import heard, held
from tests.core.given import ROOM, many
from tests.core.given import listed as listed_by


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))


def test_before_the_first_list_nothing_is_held(confcal: Confcal) -> None:
    confcal("migrate")
    done = confcal("held")

    assert (done.code, done.text) == (0, "No list is held.\n")


def test_a_list_that_is_not_held_is_not_shown(confcal: Confcal) -> None:
    heard(listed_by(*many(3)))

    assert confcal("held").text == "No list is held.\n"


def test_what_would_go_since_when_and_why(confcal: Confcal) -> None:
    held()

    done = confcal("held")

    assert done.code == 0
    first, *rest = done.text.splitlines()
    assert first.startswith(f"{ROOM}: 2 of 2 upcoming conferences are missing since ")
    assert first.endswith(", in 1 of its lists")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%a %-d")
    topics = [rest.pop(0), rest.pop(0)]
    assert all(line.startswith(f"  {tomorrow} ") for line in topics)
    assert [" ".join(line.split()[-2:]) for line in topics] == ["Планёрка [1]", "Review [2]"]
    assert rest == [
        f"  To keep them: confcal keep {ROOM}",
        f"  To let them go: confcal approve {ROOM}",
    ]


def test_what_is_kept_is_shown_as_kept(confcal: Confcal) -> None:
    held()

    assert confcal("keep", str(ROOM)).text.splitlines()[-1] == f"{ROOM}: 2 conferences kept"
    assert "They are kept until the lists lack something else." in confcal("held").text
    assert "list kept" in confcal("history").text


def test_a_terminal_without_the_letters_of_a_topic_is_no_crash() -> None:
    held()

    done = subprocess.run(
        [sys.executable, "-m", "service", "held"],
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
        timeout=60,
    )

    assert b"\\u041f\\u043b" in done.stdout
