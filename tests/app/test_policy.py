from datetime import UTC, datetime

import pytest

from service.app.policy import digest_program, policy_of, rendering_digest
from service.core.removal import RemovalRules
from service.settings.load import load_settings

LOBBY = {"CONFCAL_SOURCES__LOBBY__URL": "ws://10.0.0.15:8765"}


NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def digest(**changes: str) -> str:
    environ = LOBBY | {f"CONFCAL_{name}": value for name, value in changes.items()}
    return rendering_digest(policy_of(load_settings(environ)), NOON)


@pytest.mark.parametrize(
    "change",
    [
        {"TIMEZONE": "Europe/Moscow"},
        {"WEEKLY_DAYS": "utc"},
        {"WEEKLY_TIME": "wall"},
        {"LANGUAGE": "ru"},
        {"PEOPLE": "description"},
        {"SOURCES__LOBBY__TIMEZONE": "Europe/Moscow"},
        {"SOURCES__LOBBY__JOIN_URL": "https://meet.example.com/{id}"},
    ],
)
def test_what_shows_in_a_vevent_changes_the_digest(change: dict[str, str]) -> None:
    assert digest(**change) != digest()


@pytest.mark.parametrize(
    "change",
    [
        {"SOURCES__HALL__URL": "ws://10.0.0.17:8765"},
        {"SOURCES__LOBBY__PIN": "1234"},
        {"SOURCES__LOBBY__URL": "ws://10.0.0.16:8765"},
        {"PORT": "9000"},
        {"HOST": "0.0.0.0"},
        {"PUBLIC_URL": "https://calendars.example.com"},
        {"SECRET": "0123456789abcdef"},
        {"POLL_EVERY": "60"},
        {"REMOVAL__MISSING_LISTS": "3"},
        {"LOG_LEVEL": "debug"},
        {"TIMEZONE": "UTC"},
    ],
)
def test_what_does_not_show_leaves_the_digest_alone(change: dict[str, str]) -> None:
    assert digest(**change) == digest()


def test_the_order_of_the_sources_does_not_matter() -> None:
    hall = {"SOURCES__HALL__URL": "ws://h:1", "SOURCES__HALL__TIMEZONE": "Asia/Tokyo"}
    attic = {"SOURCES__ATTIC__URL": "ws://a:1", "SOURCES__ATTIC__TIMEZONE": "Asia/Seoul"}

    assert digest(**hall, **attic) == digest(**attic, **hall)


def test_a_source_without_a_zone_of_its_own_has_that_of_the_organization() -> None:
    settings = load_settings(
        {
            "CONFCAL_TIMEZONE": "Europe/Moscow",
            "CONFCAL_SOURCES__LOBBY__URL": "ws://l:1",
            "CONFCAL_SOURCES__HALL__URL": "ws://h:1",
            "CONFCAL_SOURCES__HALL__TIMEZONE": "Asia/Tokyo",
        }
    )

    policy = policy_of(settings)

    assert policy.rendering("lobby").weekly.timezone == "Europe/Moscow"
    assert policy.rendering("hall").weekly.timezone == "Asia/Tokyo"
    assert policy.rendering("no longer named").weekly.timezone == "Europe/Moscow"


def test_the_rules_of_removal_are_those_of_the_settings() -> None:
    assert policy_of(load_settings({})).removal == RemovalRules()
    assert policy_of(load_settings({"CONFCAL_REMOVAL__HOLD_COUNT": "9"})).removal.hold_count == 9


def test_the_rendering_changes_on_the_day_the_rules_of_a_zone_change() -> None:
    # Cuba's present rules hold from March 2028 on (tzdata 2026.6).
    policy = policy_of(load_settings({"CONFCAL_TIMEZONE": "America/Havana"}))

    digests = [rendering_digest(policy, datetime(year, 11, 23, tzinfo=UTC)) for year in (2026, 2027, 2028)]

    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    "change",
    [
        {"SECRET": "another secret of the tests"},
        {"TIMEZONE": "Europe/Moscow"},
        {"CALENDARS__BOARD__OWNER": "ivanov"},
        {"SOURCES__HALL__URL": "ws://10.0.0.17:8765"},
        {"REMOVAL__MISSING_LISTS": "3"},
    ],
)
def test_replicas_with_another_secret_or_other_settings_do_not_work_alike(change: dict[str, str]) -> None:
    given = LOBBY | {"CONFCAL_SECRET": "a secret of the tests"}
    other = given | {f"CONFCAL_{name}": value for name, value in change.items()}

    assert digest_program(load_settings(given)) != digest_program(load_settings(other))


def test_what_each_replica_has_for_itself_does_not_count() -> None:
    given = LOBBY | {"CONFCAL_SECRET": "a secret of the tests"}
    other = given | {"CONFCAL_PORT": "9000", "CONFCAL_LOG_LEVEL": "debug", "CONFCAL_HOST": "0.0.0.0"}

    assert digest_program(load_settings(given)) == digest_program(load_settings(other))
