from pathlib import Path

import pytest

from tests.commands.conftest import Confcal
from tests.commands.given import held, known
from tests.core.given import ROOM


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize("arguments", [[], [str(ROOM)], [str(ROOM).upper()]])
def test_what_is_held_goes(confcal: Confcal, arguments: list[str]) -> None:
    held()

    done = confcal("approve", *arguments)

    assert (done.code, done.text) == (0, f"{ROOM}: 2 conferences removed\n")
    assert not known().account(ROOM).reported
    assert confcal("held").text == "No list is held.\n"


def test_nothing_to_approve_is_fine_where_no_account_was_named(confcal: Confcal) -> None:
    confcal("migrate")
    done = confcal("approve")

    assert (done.code, done.text) == (0, "No list is held.\n")


def test_a_misspelt_account_is_told_with_the_nearest_whose_list_is_held(confcal: Confcal) -> None:
    held()
    user, _, server = str(ROOM).partition("@")

    done = confcal("approve", f"{user}s@{server}")

    assert done.err == f"confcal: no list of {user}s@{server} is held; did you mean {ROOM}?\n"


def test_an_account_whose_list_is_not_held_is_told(confcal: Confcal) -> None:
    held()

    done = confcal("approve", "brown@video.example.com")

    assert (done.code, done.text) == (1, "")
    assert done.err == (
        "confcal: no list of brown@video.example.com is held; `confcal held` shows those that are\n"
    )
    assert known().account(ROOM).held
