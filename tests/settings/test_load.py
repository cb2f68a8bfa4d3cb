import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from service.core.errors import SettingsError
from service.settings.load import load_settings
from service.settings.model import Settings

LOBBY = {"CONFCAL_SOURCES__LOBBY__URL": "ws://10.0.0.15:8765"}

WriteToml = Callable[[str], dict[str, str]]


@pytest.fixture
def toml(tmp_path: Path) -> WriteToml:
    """Give a function that writes a TOML file and returns the variable that names it."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "confcal.toml"
        path.write_text(text, encoding="utf-8")
        return {"CONFCAL_CONFIG_FILE": str(path)}

    return write


def refusal(environ: dict[str, str]) -> str:
    """Return the sentences that settings are refused with."""
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return str(caught.value)


def test_without_a_variable_everything_has_its_default() -> None:
    settings = load_settings({})

    assert settings.sources == {}
    assert (settings.timezone, settings.host, settings.port) == ("UTC", "127.0.0.1", 8080)
    assert settings.removal.missing_for == timedelta(minutes=15)


def test_what_belongs_to_other_programs_is_ignored() -> None:
    settings = load_settings({"PATH": "/bin", "CONFCALX": "1", "TIMEZONE": "Mars"})

    assert settings.model_fields_set == set()


def test_names_may_be_written_in_lower_case() -> None:
    assert load_settings({"confcal_timezone": "Europe/Moscow"}).timezone == "Europe/Moscow"


def test_the_process_environment_is_read_where_no_other_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFCAL_LANGUAGE", "ru")

    assert load_settings().language == "ru"


def test_sources_of_the_environment_are_in_the_order_of_their_names() -> None:
    environ = {f"CONFCAL_SOURCES__{name}__URL": "ws://10.0.0.15:8765" for name in ("HALL", "DESK", "LOBBY")}

    assert list(load_settings(environ).sources) == ["desk", "hall", "lobby"]


def test_an_option_of_the_command_line_goes_before_the_environment() -> None:
    settings = load_settings({"CONFCAL_PORT": "1"}, overrides={"CONFCAL_PORT": "2"})

    assert settings.port == 2


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("CONFCAL_TIMEZON", "CONFCAL_TIMEZONE"),
        ("CONFCAL_PUBLICURL", "CONFCAL_PUBLIC_URL"),
        ("CONFCAL_SOURCES__LOBBY__URI", "CONFCAL_SOURCES__LOBBY__URL"),
        ("CONFCAL_SOURCES__LOBBY", "CONFCAL_SOURCES__LOBBY__URL"),
        ("CONFCAL_SOURCE__LOBBY__URL", "CONFCAL_SOURCES__LOBBY__URL"),
        ("CONFCAL_SOURCES____URL", "CONFCAL_SOURCES__NAME__URL"),
        ("CONFCAL_REMOVAL__MISSING_LIST", "CONFCAL_REMOVAL__MISSING_LISTS"),
        ("CONFCAL_REMOVAL_HOLD_SHARE", "CONFCAL_REMOVAL__HOLD_SHARE"),
        ("CONFCAL_SOURCES__LOBBY__PINN_FILE", "CONFCAL_SOURCES__LOBBY__PIN_FILE"),
        ("CONFCAL_SECRET_FIL", "CONFCAL_SECRET_FILE"),
        ("CONFCAL_SOURCES__LOBBY__PIN_FILE_FILE", "CONFCAL_SOURCES__LOBBY__PIN_FILE"),
        # Only a secret may stand in a file.
        ("CONFCAL_TIMEZONE_FILE", "CONFCAL_TIMEZONE"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_known_one(wrong: str, near: str) -> None:
    assert refusal(LOBBY | {wrong: "x"}) == f"{wrong} is not a setting; did you mean {near}?"


def test_a_name_like_no_other_is_refused_with_where_to_look() -> None:
    assert refusal({"CONFCAL_QQQQQQQQQQQQ": "x"}) == (
        "CONFCAL_QQQQQQQQQQQQ is not a setting; `confcal settings --example` lists them all"
    )


def test_every_wrong_setting_gets_its_sentence() -> None:
    told = refusal({"CONFCAL_PORT": "high", "CONFCAL_TIMEZONE": "Mars/Base", "CONFCAL_LANGUAGE": "de"})

    assert sorted(line.partition(":")[0] for line in told.splitlines()) == [
        "CONFCAL_LANGUAGE",
        "CONFCAL_PORT",
        "CONFCAL_TIMEZONE",
    ]


def test_a_secret_may_stand_in_a_file_and_its_line_end_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "pin").write_bytes(b" a PIN \r\n")

    settings = load_settings(LOBBY | {"CONFCAL_SOURCES__LOBBY__PIN_FILE": str(tmp_path / "pin")})

    pin = settings.sources["lobby"].pin
    assert pin is not None
    assert pin.get_secret_value() == " a PIN "


@pytest.mark.parametrize("pin", ["123456", "0012", "1e5", "null", "true", '{"a": 1}', "[1]", '"q'])
def test_a_pin_that_looks_like_json_stays_what_was_written(pin: str) -> None:
    read = load_settings(LOBBY | {"CONFCAL_SOURCES__LOBBY__PIN": pin}).sources["lobby"].pin

    assert read is not None
    assert read.get_secret_value() == pin


def test_a_secret_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    assert refusal({"CONFCAL_SECRET_FILE": str(missing)}) == (
        f"CONFCAL_SECRET_FILE: {missing} cannot be read (No such file or directory); "
        "name a file that confcal may read"
    )


def test_a_secret_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")

    assert "it is not UTF-8 text" in refusal({"CONFCAL_SECRET_FILE": str(tmp_path / "secret")})


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    environ = {"CONFCAL_SECRET": "0123456789abcdef", "CONFCAL_SECRET_FILE": str(tmp_path / "secret")}

    assert refusal(environ) == "CONFCAL_SECRET and CONFCAL_SECRET_FILE are both set; keep one of them"


@pytest.mark.parametrize(
    "environ",
    [
        {"CONFCAL_SECRET": "hunter2"},
        {"CONFCAL_SOURCES__LOBBY__URL": "ftp://me:hunter2@10.0.0.15"},
        {"CONFCAL_SOURCES__LOBBY__URL": "http://me:hunter2@10.0.0.15"},
        {"CONFCAL_PUBLIC_URL": "me:hunter2@example.com"},
        {"CONFCAL_SOURCES__LOBBY__PIN": "hunter2"},
    ],
)
def test_no_secret_is_in_an_error_text(environ: dict[str, str]) -> None:
    assert "hunter2" not in refusal(environ)


def test_a_secret_of_a_wrong_kind_in_the_file_is_not_shown(toml: WriteToml) -> None:
    assert "4711" not in refusal(toml('[sources.lobby]\nurl = "ws://h:1"\npin = 4711'))
    assert "hunter2" not in refusal(toml('[sources]\nlobby = "hunter2"'))


def test_a_short_secret_is_refused_with_the_length_it_needs() -> None:
    assert refusal({"CONFCAL_SECRET": "x" * 15}) == (
        "CONFCAL_SECRET is too short; write at least 16 characters"
    )


def test_a_source_without_its_url_is_told() -> None:
    assert refusal({"CONFCAL_SOURCES__LOBBY__PIN": "1"}) == ("CONFCAL_SOURCES__LOBBY__URL is missing; set it")


def test_the_file_says_the_same_as_the_environment(toml: WriteToml) -> None:
    text = """
        timezone = "Europe/Moscow"
        port = 9000
        [removal]
        missing_for = "PT20M"
        hold_count = 7
        [sources.lobby]
        url = "http://10.0.0.15"
        pin = "1234"
    """
    settings = load_settings(toml(text))

    assert (settings.timezone, settings.port) == ("Europe/Moscow", 9000)
    assert (settings.removal.missing_for, settings.removal.hold_count) == (timedelta(minutes=20), 7)
    pin = settings.sources["lobby"].pin
    assert pin is not None
    assert pin.get_secret_value() == "1234"


def test_the_environment_wins_over_the_file_field_by_field(toml: WriteToml) -> None:
    file = toml(
        'timezone = "UTC"\n[sources.lobby]\nurl = "http://old"\nserver = "a.example"\n'
        '[sources.hall]\nurl = "http://hall"'
    )

    settings = load_settings(LOBBY | file | {"CONFCAL_TIMEZONE": "Asia/Tokyo"})

    assert settings.timezone == "Asia/Tokyo"
    assert settings.sources["lobby"].url == "ws://10.0.0.15:8765"
    assert settings.sources["lobby"].server == "a.example"
    assert settings.sources["hall"].url == "http://hall"


def test_the_variables_of_kubernetes_are_told_from_settings() -> None:
    given = {"CONFCAL_SERVICE_HOST": "10.96.0.7", "CONFCAL_PORT": "tcp://10.96.0.7:80"}

    with pytest.raises(SettingsError, match="say enableServiceLinks: false"):
        load_settings(given)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('timezon = "UTC"', "CONFCAL_TIMEZON is not a setting; did you mean CONFCAL_TIMEZONE?"),
        (
            '[sources.lobby]\nurl = "ws://h:1"\npinn = "x"',
            "CONFCAL_SOURCES__LOBBY__PINN is not a setting; did you mean CONFCAL_SOURCES__LOBBY__PIN?",
        ),
        (
            "[removal]\nmissing = 1",
            "CONFCAL_REMOVAL__MISSING is not a setting; did you mean CONFCAL_REMOVAL__MISSING_FOR?",
        ),
    ],
)
def test_an_unknown_name_in_the_file_is_refused(toml: WriteToml, text: str, told: str) -> None:
    assert refusal(toml(text)) == told


def test_a_secret_of_the_file_may_stand_in_another_file(toml: WriteToml, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("1234\n", encoding="utf-8")
    source = f'[sources.lobby]\nurl = "ws://h:1"\npin_file = "{tmp_path / "pin"}"'

    pin = load_settings(toml(source)).sources["lobby"].pin

    assert pin is not None
    assert pin.get_secret_value() == "1234"
    assert refusal(toml(source + '\npin = "1"')) == (
        "CONFCAL_SOURCES__LOBBY__PIN and CONFCAL_SOURCES__LOBBY__PIN_FILE are both set; keep one of them"
    )


def test_a_file_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    told = refusal({"CONFCAL_CONFIG_FILE": str(tmp_path / "missing.toml")})

    assert "cannot be read (No such file or directory); give a readable TOML file" in told


@pytest.mark.parametrize("content", [b"timezone = ", b"\xff"])
def test_a_file_that_is_no_toml_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "confcal.toml"
    path.write_bytes(content)

    assert f"CONFCAL_CONFIG_FILE: {path} is not TOML" in refusal({"CONFCAL_CONFIG_FILE": str(path)})


def test_settings_in_the_file_have_the_types_that_toml_has(toml: WriteToml) -> None:
    file = toml("poll_every = 90\n[removal]\nhold_share = 1")

    assert tomllib.loads("poll_every = 90") == {"poll_every": 90}
    assert load_settings(file).poll_every == timedelta(seconds=90)


def test_settings_cannot_be_changed_afterwards() -> None:
    settings: Settings = load_settings({})

    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1


def test_one_of_several_values_is_told_by_the_name_of_the_setting() -> None:
    target = {"CONFCAL_TARGETS__CLOUD__URL": "https://cloud.example.com/"}

    told = refusal(target | {"CONFCAL_TARGETS__CLOUD__REMINDERS": "PT15M,P99D"})

    assert told == "CONFCAL_TARGETS__CLOUD__REMINDERS: write P28D or less"


def test_keys_of_a_file_have_no_case_as_variables_have_none(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text('PORT = 1\n[sources.Lobby]\nURL = "ws://h:1"\n', encoding="utf-8")

    settings = load_settings({"CONFCAL_CONFIG_FILE": str(file), "CONFCAL_SOURCES__LOBBY__PIN": "ABC"})

    assert settings.port == 1
    assert settings.sources["lobby"].url == "ws://h:1"


def test_a_key_that_is_written_twice_in_two_cases_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text("port = 1\nPort = 2\n", encoding="utf-8")

    with pytest.raises(SettingsError, match="it says port twice"):
        load_settings({"CONFCAL_CONFIG_FILE": str(file)})


def test_a_secret_that_notepad_saved_is_read_without_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_bytes(b"\xef\xbb\xbfABC123\r\n")

    settings = load_settings(
        {"CONFCAL_SOURCES__LOBBY__URL": "ws://h:1", "CONFCAL_SOURCES__LOBBY__PIN_FILE": str(file)}
    )

    pin = settings.sources["lobby"].pin
    assert pin
    assert pin.get_secret_value() == "ABC123"


@pytest.mark.parametrize("name", ["SOURCES__LOBBY__PIN", "DATA_DIR", "TIMEZONE", "SECRET_FILE", "PORT"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_value_in_quotes_is_refused_by_name_and_not_repeated(name: str, quote: str) -> None:
    told = refusal({f"CONFCAL_{name}": f"{quote}hunter2{quote}"})

    assert told.startswith(f"CONFCAL_{name}: its value stands in quotes, which docker's --env-file keeps; ")
    assert "hunter2" not in told


def test_an_empty_value_in_quotes_is_one_too() -> None:
    assert "stands in quotes" in refusal({"CONFCAL_PUBLIC_URL": '""'})


@pytest.mark.parametrize("pin", ['"', "'a", 'a"', "\"a'", "it's 'so'x"])
def test_quotes_that_do_not_match_belong_to_the_value(pin: str) -> None:
    read = load_settings(LOBBY | {"CONFCAL_SOURCES__LOBBY__PIN": pin}).sources["lobby"].pin

    assert read
    assert read.get_secret_value() == pin


def test_a_file_that_notepad_saved_is_read_without_its_mark(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_bytes(b'\xef\xbb\xbftimezone = "Europe/Moscow"\r\nport = 1\r\n')

    settings = load_settings({"CONFCAL_CONFIG_FILE": str(file)})

    assert (settings.timezone, settings.port) == ("Europe/Moscow", 1)


def test_a_file_in_another_encoding_is_told_to_be_saved_in_ours(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text('timezone = "UTC"', encoding="utf-16")

    assert refusal({"CONFCAL_CONFIG_FILE": str(file)}).endswith("is not TOML: save it as UTF-8")


@pytest.mark.parametrize("value", ["123456", "0.5", "true", "2026-01-01"])
@pytest.mark.parametrize(
    ("table", "name"),
    [("sources.lobby", "pin"), ("targets.cloud", "username"), ("targets.cloud", "password")],
)
def test_a_text_without_quotes_is_told_with_the_file(
    toml: WriteToml, table: str, name: str, value: str
) -> None:
    file = toml(f'[{table}]\nurl = "http://h:1/"\n{name} = {value}')

    told = refusal(file)

    variable = "CONFCAL_" + "__".join((*table.split("."), name)).upper()
    assert f'{variable}: write it in quotes in {file["CONFCAL_CONFIG_FILE"]}, like {name} = "..."' in told
    assert value not in told.replace(str(file["CONFCAL_CONFIG_FILE"]), "")
