from pathlib import Path

import pytest

from service.settings.load import load_settings
from service.settings.show import effective, example

EXAMPLE = Path(__file__).parents[2] / "config" / "confcal.env.example"
LOBBY = {"CONFCAL_SOURCES__LOBBY__URL": "http://10.0.0.15"}
NAMED = LOBBY | {
    "CONFCAL_NOTIFY__OPS__URL": "json://127.0.0.1/hook",
    "CONFCAL_TARGETS__CLOUD__URL": "https://cloud.example.com/",
    "CONFCAL_TARGETS__CLOUD__USERNAME": "confcal",
    "CONFCAL_TARGETS__CLOUD__PASSWORD": "an-app-password",
}
"""What lines about one channel, source or target do not stand without."""


def assignments() -> list[str]:
    """Return the lines of the example that an operator may uncomment."""
    return [line[1:] for line in example().splitlines() if line.startswith("#CONFCAL_")]


def test_the_example_file_is_what_the_settings_say() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == example(), (
        "run `confcal settings --example > config/confcal.env.example`"
    )


@pytest.mark.parametrize("line", assignments())
def test_every_line_of_the_example_loads_by_itself(line: str, tmp_path: Path) -> None:
    name, _, value = line.partition("=")
    if name == "CONFCAL_CONFIG_FILE":
        value = str(tmp_path / "confcal.toml")
        Path(value).touch()

    settings = load_settings(NAMED | {name: value})

    assert value
    assert name in {variable for variable, _, given in effective(settings) if given}


def test_the_whole_example_loads_at_once() -> None:
    environ = dict(line.split("=", 1) for line in assignments())
    del environ["CONFCAL_CONFIG_FILE"]

    assert load_settings(environ).sources["lobby"].server == "video.example.com"


def test_every_setting_of_the_example_is_explained() -> None:
    lines = example().splitlines()

    assert all(
        lines[at - 1].startswith("# ") for at, line in enumerate(lines) if line.startswith("#CONFCAL_")
    )


def test_secrets_are_masked() -> None:
    secrets = {
        "CONFCAL_SOURCES__LOBBY__PIN": "hunter2",
        "CONFCAL_SECRET": "hunter2-hunter2-hunter2",
        "CONFCAL_DATABASE_URL": "postgresql://confcal:hunter2@db/confcal",
    }

    shown = {name: value for name, value, _ in effective(load_settings(LOBBY | secrets))}

    assert {shown[name] for name in secrets} == {"********"}
    assert "hunter2" not in repr(shown)


def test_the_pin_in_the_address_of_a_source_is_masked() -> None:
    given = {"CONFCAL_SOURCES__LOBBY__URL": "http://10.1.1.10:80/ABC123"}

    shown = {name: value for name, value, _ in effective(load_settings(given))}

    assert shown["CONFCAL_SOURCES__LOBBY__URL"] == "http://10.1.1.10:80/***"


def test_what_was_given_is_told_apart_from_defaults() -> None:
    given = {name for name, _, given in effective(load_settings(LOBBY | {"CONFCAL_PORT": "8080"})) if given}

    assert given == {"CONFCAL_SOURCES__LOBBY__URL", "CONFCAL_PORT"}


def test_the_settings_in_effect_give_the_same_settings_again() -> None:
    environ = LOBBY | {"CONFCAL_REMOVAL__MISSING_FOR": "5400", "CONFCAL_TIMEZONE": "Europe/Moscow"}
    settings = load_settings(environ)

    again = load_settings({name: value for name, value, given in effective(settings) if given})

    assert again.model_dump() == settings.model_dump()


def test_the_example_lists_what_may_be_written_where_that_is_a_short_list() -> None:
    lines = example().splitlines()

    told = {lines[at + 1].partition("=")[0]: each for at, each in enumerate(lines) if "One of: " in each}

    assert told["#CONFCAL_PEOPLE"] == "# One of: none, description."
    assert told["#CONFCAL_LOG_LEVEL"] == "# One of: debug, info, warning, error."
    assert told["#CONFCAL_TARGETS__CLOUD__AUTH"] == "# One of: none, basic, digest, bearer, oauth2, mtls."


def test_defaults_of_the_example_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/of/nobody")
    shown = {name: value for name, value, _ in effective(load_settings(NAMED)) if value}

    differing = {
        name
        for name, _, value in (line.partition("=") for line in assignments())
        if name in shown.keys() - NAMED.keys() and shown[name] != value
    }

    # The only one whose default depends on the machine; its comment tells it.
    assert differing == {"CONFCAL_DATA_DIR"}


def test_switches_are_written_as_people_write_them() -> None:
    assert "#CONFCAL_TARGETS__CLOUD__CREATE=true\n" in example()
    assert "#CONFCAL_CALENDARS_FOR_PEOPLE=false\n" in example()
