"""
What commands read of the database: what they show, and not all that is known.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from tests.commands.conftest import Confcal
from tests.commands.given import heard
from tests.core.given import listed as listed_by
from tests.core.given import many

COMMANDS = (
    ("history",),
    ("history", "--json"),
    ("conferences", "topic"),
    ("held",),
    ("why", "1"),
    ("why", "1", "all"),
    ("plan",),
)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_DATA_DIR", str(tmp_path / "data"))


@contextmanager
def whole_reads() -> Iterator[list[str]]:
    """Collect the statements that read all conferences, or who has them all."""
    found: list[str] = []

    def collect(_db: Connection, _cursor: object, statement: str, *_: object) -> None:
        if " ".join(statement.split()).partition("FROM ")[2] in {"conferences", "memberships"}:
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", collect)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", collect)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_reads_the_conferences_that_it_shows_and_not_all(
    confcal: Confcal, command: tuple[str, ...]
) -> None:
    heard(listed_by(*many(3)))

    with whole_reads() as found:
        done = confcal(*command)

    assert done.code == 0
    assert found == []


def test_a_plan_reads_all_once_for_all_targets(confcal: Confcal, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(listed_by(*many(3)))
    for target in ("one", "two"):
        monkeypatch.setenv(f"CONFCAL_TARGETS__{target}__URL", "http://127.0.0.1:9/")

    with whole_reads() as found:
        done = confcal("plan")

    assert "one: 3 to create" in done.text
    assert "two: 3 to create" in done.text
    assert len(found) == 2, "the conferences, and who has them"


@pytest.mark.parametrize(("timezone", "reads"), [("Europe/Moscow", 0), ("Europe/Berlin", 2)])
def test_a_check_reads_all_where_weekly_conferences_may_be_read_in_two_ways(
    confcal: Confcal, monkeypatch: pytest.MonkeyPatch, timezone: str, reads: int
) -> None:
    heard(listed_by(*many(3)))
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://127.0.0.1:9")
    monkeypatch.setenv("CONFCAL_TIMEZONE", timezone)

    with whole_reads() as found:
        done = confcal("check")

    assert "source lobby FAILED" in done.squeezed
    assert len(found) == reads


def test_a_decision_about_all_held_lists_does_read_all(confcal: Confcal) -> None:
    heard(listed_by(*many(3)))

    with whole_reads() as found:
        confcal("approve")

    assert len(found) == 2, "so the test above sees such statements"
