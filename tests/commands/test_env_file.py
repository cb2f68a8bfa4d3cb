"""
The daemon's variables, read from its files by a command beside it.
"""

from pathlib import Path

import pytest

from tests.commands.conftest import Confcal


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / "confcal.env"
    file.write_text("CONFCAL_TIMEZONE=Europe/Moscow\nCONFCAL_PORT=1\n", encoding="utf-8")
    return file


def shown(confcal: Confcal, *arguments: object) -> dict[str, str]:
    done = confcal(*arguments)
    assert (done.code, done.err) == (0, "")
    lines = (line for line in done.text.splitlines() if line.startswith("CONFCAL_"))
    return dict(line.split("=", 1) for line in lines)


def test_the_option_stands_before_the_command_or_behind_it(confcal: Confcal, env_file: Path) -> None:
    before = shown(confcal, "--env-file", env_file, "settings")
    behind = shown(confcal, "settings", "--env-file", env_file)

    assert before == behind == {"CONFCAL_TIMEZONE": "Europe/Moscow", "CONFCAL_PORT": "1"}


def test_it_is_for_one_command_only(confcal: Confcal, env_file: Path) -> None:
    shown(confcal, "settings", "--env-file", env_file)

    assert shown(confcal, "settings") == {}


def test_it_stands_behind_a_command_of_a_group_too(confcal: Confcal, env_file: Path, tmp_path: Path) -> None:
    env_file.write_text(f"CONFCAL_DATA_DIR={tmp_path}/data\n", encoding="utf-8")
    confcal("migrate", "--env-file", env_file)

    for arguments in (
        ("--env-file", env_file, "feeds", "rotate", "all"),
        ("feeds", "--env-file", env_file, "rotate", "all"),
        ("feeds", "rotate", "all", "--env-file", env_file),
    ):
        done = confcal(*arguments)

        assert (done.code, done.err) == (0, f"Database: {tmp_path}/data/confcal.db\n")


@pytest.mark.parametrize("order", ["both before", "both behind", "one of each"])
def test_the_later_file_wins(confcal: Confcal, env_file: Path, tmp_path: Path, order: str) -> None:
    later = tmp_path / "later.env"
    later.write_text("CONFCAL_PORT=2\n", encoding="utf-8")
    first, second = ("--env-file", env_file), ("--env-file", later)

    arguments = {
        "both before": (*first, *second, "settings"),
        "both behind": ("settings", *first, *second),
        "one of each": (*first, "settings", *second),
    }[order]

    assert shown(confcal, *arguments) == {"CONFCAL_TIMEZONE": "Europe/Moscow", "CONFCAL_PORT": "2"}


def test_the_environment_wins_over_all_files(
    confcal: Confcal, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("confcal_port", "3")

    assert shown(confcal, "settings", "--env-file", env_file)["CONFCAL_PORT"] == "3"


def test_a_secret_and_its_file_are_one_setting_of_which_the_later_wins(
    confcal: Confcal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, first, second = tmp_path / "secret", tmp_path / "1.env", tmp_path / "2.env"
    secret.write_text("a secret in a file\n", encoding="utf-8")
    first.write_text("CONFCAL_SECRET=a secret in the first\n", encoding="utf-8")
    second.write_text(f"CONFCAL_SECRET_FILE={secret}\n", encoding="utf-8")
    files = ("--env-file", first, "--env-file", second)

    assert shown(confcal, *files, "settings") == {"CONFCAL_SECRET_FILE": str(secret)}
    assert shown(confcal, "--env-file", first, "settings", "--env-file", second) == {
        "CONFCAL_SECRET_FILE": str(secret)
    }

    monkeypatch.setenv("CONFCAL_SECRET", "a secret of the environment")
    assert shown(confcal, *files, "settings") == {"CONFCAL_SECRET": "********"}


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("CONFCAL_TIMEZONE=UTC", "UTC"),
        ("export CONFCAL_TIMEZONE=UTC", "UTC"),
        ("confcal_timezone=UTC", "UTC"),
        ('CONFCAL_TIMEZONE="UTC"', "UTC"),
        ("CONFCAL_TIMEZONE='UTC'", "UTC"),
        ("# a comment\n\n; another\n;CONFCAL_PORT=7\nCONFCAL_TIMEZONE=UTC # of the servers", "UTC"),
        ("\ufeffCONFCAL_TIMEZONE=UTC\r\n", "UTC"),
        ("CONFCAL_TIMEZONE=Mars\nCONFCAL_TIMEZONE=UTC", "UTC"),
    ],
)
def test_a_file_is_read_as_systemd_and_compose_read_it(
    confcal: Confcal, env_file: Path, text: str, zone: str
) -> None:
    env_file.write_text(text, encoding="utf-8")

    assert shown(confcal, "settings", "--env-file", env_file) == {"CONFCAL_TIMEZONE": zone}


def test_a_dollar_stays_what_was_written(confcal: Confcal, env_file: Path) -> None:
    env_file.write_text("CONFCAL_CALENDARS__BOARD__TITLE=${HOME} $5\n", encoding="utf-8")

    assert shown(confcal, "settings", "--env-file", env_file) == {
        "CONFCAL_CALENDARS__BOARD__TITLE": "${HOME} $5"
    }


def test_variables_of_other_programs_are_set_too(confcal: Confcal, env_file: Path, tmp_path: Path) -> None:
    """The daemon has them as well: where PostgreSQL's certificates are, for example."""
    env_file.write_text(f"HOME=/elsewhere\nCONFCAL_DATA_DIR={tmp_path}/data\nUNKNOWN=1\n", encoding="utf-8")

    assert shown(confcal, "settings", "--env-file", env_file) == {"CONFCAL_DATA_DIR": f"{tmp_path}/data"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read (No such file or directory); name a file that you may read"),
        ("\n\nCONFCAL_PORT 80\n", "line 3 of {} is not understood; write NAME=value"),
        ("CONFCAL_PORT='80\n", "line 1 of {} is not understood; write NAME=value"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    confcal: Confcal, env_file: Path, text: str | None, told: str
) -> None:
    if text is None:
        env_file.unlink()
    else:
        env_file.write_text(text, encoding="utf-8")

    done = confcal("settings", "--env-file", env_file)

    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("confcal: --env-file: ")
    assert told.format(env_file) in done.err
    assert len(done.err.splitlines()) == 1


def test_a_misspelt_name_in_a_file_is_refused_like_any_other(confcal: Confcal, env_file: Path) -> None:
    env_file.write_text("CONFCAL_TIMEZON=UTC\n", encoding="utf-8")

    done = confcal("settings", "--env-file", env_file)

    assert done.err == "confcal: CONFCAL_TIMEZON is not a setting; did you mean CONFCAL_TIMEZONE?\n"


def test_settings_tell_where_each_comes_from(
    confcal: Confcal, env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin, toml = tmp_path / "pin", tmp_path / "confcal.toml"
    pin.write_text("ABC123", encoding="utf-8")
    hall = f'[sources.hall]\nurl = "ws://h:1"\npin_file = "{pin}"\n'
    toml.write_text('language = "ru"\n' + hall, encoding="utf-8")
    monkeypatch.setenv("CONFCAL_CONFIG_FILE", str(toml))
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__URL", "ws://h:2")
    monkeypatch.setenv("CONFCAL_SOURCES__LOBBY__PIN_FILE", str(pin))

    text = confcal("settings", "--env-file", env_file).text

    for place, line in (
        ("the environment", "CONFCAL_SOURCES__LOBBY__URL=ws://h:2"),
        ("the environment", f"CONFCAL_SOURCES__LOBBY__PIN_FILE={pin}"),
        (toml, f"CONFCAL_SOURCES__HALL__PIN_FILE={pin}"),
        (toml, "CONFCAL_LANGUAGE=ru"),
        (env_file, "CONFCAL_PORT=1"),
    ):
        assert f"# from {place}\n{line}\n" in text
    assert "ABC123" not in text
    assert "\n#CONFCAL_PUBLIC_URL=\n" in text
