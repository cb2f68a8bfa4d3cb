"""
What differs between the settings in force and those that were read again.
"""

import pytest

from service.settings.changes import Difference, compare_settings
from service.settings.load import load_settings
from service.settings.model import Settings

BASE = {
    "CONFCAL_SECRET": "a secret of the tests",
    "CONFCAL_SOURCES__LOBBY__URL": "ws://10.0.0.15:8765",
    "CONFCAL_SOURCES__HALL__URL": "ws://10.0.0.16:8765",
    "CONFCAL_TARGETS__CLOUD__URL": "https://cloud.example.com/dav/",
}


def given(**changes: str | None) -> Settings:
    environ = BASE | {f"CONFCAL_{name}": value or "" for name, value in changes.items()}
    return load_settings({name: value for name, value in environ.items() if value})


def test_the_same_settings_differ_in_nothing() -> None:
    before = given()
    change = compare_settings(before, given())

    assert (change.sources, change.targets, change.calendars) == (Difference(), Difference(), Difference())
    assert (change.others, change.fixed) == ((), ())
    assert change.settings.model_dump() == before.model_dump()


def test_sources_and_targets_are_told_apart_by_their_names() -> None:
    change = compare_settings(
        given(),
        given(
            SOURCES__LOBBY__PIN="1234",
            SOURCES__HALL__URL=None,
            SOURCES__DESK__URL="ws://10.0.0.17:8765",
            TARGETS__CLOUD__URL=None,
            CALENDARS__BOARD__TOPIC="Board*",
        ),
    )

    assert change.sources == Difference(added=("desk",), removed=("hall",), changed=("lobby",))
    assert change.targets == Difference(removed=("cloud",))
    assert change.calendars == Difference(added=("board",))


def test_other_settings_are_named_as_the_variables_they_are() -> None:
    change = compare_settings(given(), given(LOG_LEVEL="debug", POLL_EVERY="60"))

    assert sorted(change.others) == ["CONFCAL_LOG_LEVEL", "CONFCAL_POLL_EVERY"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "9999"),
        ("HOST", "127.0.0.2"),
        ("DATA_DIR", "/var/lib/elsewhere"),
        ("DATABASE_URL", "sqlite:////tmp/other.db"),
        ("SECRET", "another secret of the tests"),
    ],
)
def test_what_a_restart_alone_changes_stays_and_is_named(name: str, value: str) -> None:
    before = given()
    change = compare_settings(before, given(**{name: value, "LOG_LEVEL": "debug"}))

    assert change.fixed == (f"CONFCAL_{name}",)
    assert getattr(change.settings, name.lower()) == getattr(before, name.lower())
    assert change.settings.log_level == "debug"
