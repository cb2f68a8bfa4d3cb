from datetime import timedelta
from pathlib import Path

import pytest

from service.core.errors import SettingsError
from service.settings.load import load_settings

SOURCE = "CONFCAL_SOURCES__LOBBY__"


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ)
    return str(caught.value)


@pytest.mark.parametrize("zone", ["Europe/Moscow", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
def test_a_zone_is_an_iana_name(zone: str) -> None:
    assert load_settings({"CONFCAL_TIMEZONE": zone}).timezone == zone


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("europe/moscow", "Europe/Moscow"),
        ("EUROPE/MOSCOW", "Europe/Moscow"),
        (" Europe/Moscow ", "Europe/Moscow"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("etc/gmt-3", "Etc/GMT-3"),
    ],
)
def test_a_zone_is_taken_in_any_case_and_gets_its_own_spelling(written: str, zone: str) -> None:
    assert load_settings({"CONFCAL_TIMEZONE": written}).timezone == zone


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("MSK", "Europe/Moscow"),
        ("msk", "Europe/Moscow"),
        ("Moscow", "Europe/Moscow"),
        ("Europe/Moskow", "Europe/Moscow"),
        ("Europe/Almaty", "Asia/Almaty"),
        ("UTC+3", "Etc/GMT-3"),
        ("GMT-03:00", "Etc/GMT+3"),
        ("+00:00", "UTC"),
        ("PST", "America/Los_Angeles"),
        ("CEST", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Russian Standard Time", "Europe/Moscow"),
        ("w. europe standard time", "Europe/Berlin"),
    ],
)
def test_a_zone_that_is_none_is_refused_with_the_nearest(written: str, near: str) -> None:
    assert refusal({"CONFCAL_TIMEZONE": written}) == (
        f"CONFCAL_TIMEZONE: it is not an IANA time zone; did you mean {near}? (given: {written!r})"
    )


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("LOG_LEVEL", "INFO", "info"),
        ("LOG_FORMAT", "JSON", "json"),
        ("LOG_FORMAT", " Json ", "json"),
        ("LANGUAGE", "RU", "ru"),
        ("WEEKLY_DAYS", "Auto", "auto"),
        ("WEEKLY_TIME", "WALL", "wall"),
        ("PEOPLE", "None", "none"),
    ],
)
def test_a_choice_may_be_written_in_any_case(name: str, written: str, meant: str) -> None:
    assert getattr(load_settings({f"CONFCAL_{name}": written}), name.lower()) == meant


def test_choices_of_targets_and_calendars_may_be_too() -> None:
    target, calendar = "CONFCAL_TARGETS__CLOUD__", "CONFCAL_CALENDARS__BOARD__"
    settings = load_settings(
        {
            f"{target}URL": "https://cloud.example.com/",
            f"{target}AUTH": "None",
            f"{target}ON_REMOTE_CHANGE": "Keep",
            f"{target}ON_REMOTE_DELETE": "KEEP",
            f"{calendar}REDACT": "Busy",
            f"{calendar}LANGUAGE": "EN",
        }
    )

    cloud, board = settings.targets["cloud"], settings.calendars["board"]
    assert (cloud.auth, cloud.on_remote_change, cloud.on_remote_delete) == ("none", "keep", "keep")
    assert (board.redact, board.language) == ("busy", "en")


@pytest.mark.parametrize("zone", ["Mars/Base", "Party Time", "", "../../etc/passwd", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused_with_how_one_looks(zone: str) -> None:
    assert refusal({"CONFCAL_TIMEZONE": zone}) == (
        f"CONFCAL_TIMEZONE: it is not an IANA time zone; write one like Europe/Moscow (given: {zone!r})"
    )


def test_the_zone_of_a_source_is_checked_too() -> None:
    told = refusal({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}TIMEZONE": "Mars"})

    assert told.startswith("CONFCAL_SOURCES__LOBBY__TIMEZONE: it is not an IANA time zone")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("900", timedelta(minutes=15)),
        ("0", timedelta()),
        ("0.5", timedelta(milliseconds=500)),
        ("PT15M", timedelta(minutes=15)),
        ("PT1H30M", timedelta(minutes=90)),
        ("P1D", timedelta(days=1)),
    ],
)
def test_a_duration_is_seconds_or_iso_8601(written: str, meant: timedelta) -> None:
    assert load_settings({"CONFCAL_REMOVAL__MISSING_FOR": written}).removal.missing_for == meant


@pytest.mark.parametrize("written", ["soon", "", "nan", "inf", "1e30", "-1", "15 minutes"])
def test_another_duration_is_refused(written: str) -> None:
    assert refusal({"CONFCAL_REMOVAL__MISSING_FOR": written}).startswith("CONFCAL_REMOVAL__MISSING_FOR: ")


def test_a_poll_in_less_than_a_second_is_refused() -> None:
    assert "CONFCAL_POLL_EVERY" in refusal({"CONFCAL_POLL_EVERY": "0.5"})


@pytest.mark.parametrize(
    "url",
    [
        "ws://10.0.0.15:8765",
        "wss://room.example.com/bridge",
        "http://10.0.0.15",
        "https://[2001:db8::1]:8443",
    ],
)
def test_a_source_is_a_websocket_or_a_control_panel(url: str) -> None:
    assert load_settings({f"{SOURCE}URL": url}).sources["lobby"].url == url


@pytest.mark.parametrize(
    "url", ["10.0.0.15", "ftp://10.0.0.15", "ws://10.0.0.15", "http://", "http://h:99999", ""]
)
def test_another_address_of_a_source_is_refused_with_what_to_write(url: str) -> None:
    told = refusal({f"{SOURCE}URL": url})

    assert told.startswith("CONFCAL_SOURCES__LOBBY__URL: it")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "template", ["https://{server}/c/{id}", "https://meet.example.com/{id}?from=calendar"]
)
def test_a_join_link_is_made_by_a_template(template: str) -> None:
    settings = load_settings({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}JOIN_URL": template})

    assert settings.sources["lobby"].join_url == template


@pytest.mark.parametrize(
    "template",
    [
        "https://meet.example.com/",
        "https://{host}/c/{id}",
        "https://{server.__class__}/c/{id}",
        "https://{}/c/{id}",
        "https://{server}/c/{id",
        "javascript:alert({id})",
        "meet.example.com/{id}",
        "",
    ],
)
def test_a_template_that_makes_no_address_is_refused(template: str) -> None:
    told = refusal({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}JOIN_URL": template})

    assert told.startswith("CONFCAL_SOURCES__LOBBY__JOIN_URL: it must ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://calendars.example.com", "https://calendars.example.com"),
        ("https://example.com/calendars/", "https://example.com/calendars"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_the_public_address_ends_without_a_slash(written: str, meant: str) -> None:
    assert load_settings({"CONFCAL_PUBLIC_URL": written}).public_url == meant


@pytest.mark.parametrize(
    "written", ["calendars.example.com", "webcal://example.com", "https://e.com/?a=b", "https://e.com/#a", ""]
)
def test_another_public_address_is_refused(written: str) -> None:
    assert "write the address that people reach" in refusal({"CONFCAL_PUBLIC_URL": written})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "http"),
        ("LANGUAGE", "de"),
        ("PEOPLE", "attendees"),
        ("WEEKLY_DAYS", "monday"),
        ("WEEKLY_TIME", "local"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "loud"),
        ("REMOVAL__MISSING_LISTS", "0"),
        ("REMOVAL__HOLD_SHARE", "1.5"),
        ("REMOVAL__HOLD_COUNT", "-1"),
        ("REMOVAL__HOLD_LISTS", "0"),
    ],
)
def test_a_value_out_of_its_range_is_refused_by_name_with_what_was_given(name: str, value: str) -> None:
    told = refusal({f"CONFCAL_{name}": value})

    assert told.startswith(f"CONFCAL_{name}: ")
    assert value in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("name", ["REMOVAL__KEEP_ENDED", "REJECTED__KEEP_FOR", "POLL_EVERY"])
@pytest.mark.parametrize("written", ["99999999999", "P3000Y"])
def test_a_duration_that_no_calendar_reaches_is_refused(name: str, written: str) -> None:
    assert f"CONFCAL_{name}: write P36500D or less" in refusal({f"CONFCAL_{name}": written})


@pytest.mark.parametrize(
    "server", ["https://video.example.com/", "a b", "ivanov@host", "host:443", "a..b", "v.example\x00"]
)
def test_a_server_is_a_domain_alone(server: str) -> None:
    told = refusal({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}SERVER": server})

    assert told.startswith("CONFCAL_SOURCES__LOBBY__SERVER: write the domain of the server alone")


@pytest.mark.parametrize("server", ["video.example.com", " 10.0.0.5 ", "конференции.рф", "video"])
def test_a_server_may_be_any_name_of_a_host(server: str) -> None:
    settings = load_settings({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}SERVER": server})

    assert settings.sources["lobby"].server == server.strip()


def test_an_empty_server_is_none() -> None:
    assert load_settings({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}SERVER": ""}).sources["lobby"].server is None
    assert "SERVER is missing" in refusal({f"{SOURCE}INGEST_TOKEN": "0" * 16, f"{SOURCE}SERVER": ""})


def test_an_empty_database_url_is_none() -> None:
    assert load_settings({"CONFCAL_DATABASE_URL": ""}).database_url is None


@pytest.mark.parametrize("name", ["", "a@b/c", "a\\u0000", "a b", "-a", "a" * 65])
def test_a_source_has_a_name_that_an_address_and_a_log_can_hold(tmp_path: Path, name: str) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text(f'[sources."{name}"]\nurl = "ws://h:1"\n', encoding="utf-8")

    assert "is not a name for a source" in refusal({"CONFCAL_CONFIG_FILE": str(file)})


@pytest.mark.parametrize("name", ["lobby", "зал_1", "3.floor-a"])
def test_a_source_may_be_named_in_any_script(name: str) -> None:
    assert name in load_settings({f"CONFCAL_SOURCES__{name.upper()}__URL": "ws://h:1"}).sources


@pytest.mark.parametrize("url", ["https://u:p@confcal.example.com", "https://confcal.example.com:99999"])
def test_a_public_address_that_no_one_can_be_given_is_refused(url: str) -> None:
    told = refusal({"CONFCAL_PUBLIC_URL": url})

    assert "without a user, a password or an impossible port" in told
    assert "u:p" not in told


@pytest.mark.parametrize(
    "written",
    ["lobby@video.example.com", " lobby@Video.Example.COM ", "зал@конференции.рф", "#room@10.0.0.5"],
)
def test_a_source_may_be_pinned_to_a_user(written: str) -> None:
    settings = load_settings({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}ACCOUNT": written})

    user, _, server = written.strip().partition("@")
    assert settings.sources["lobby"].account == f"{user}@{server.lower()}"


@pytest.mark.parametrize(
    "written",
    [
        "lobby",
        "@video.example.com",
        "lobby@",
        "a b@h",
        "a@h,b@h",
        "a@b@c",
        "lobby@h/desk",
        "a@h\x00",
        "a\x07@h",
    ],
)
def test_a_pin_that_is_no_user_on_a_server_is_refused(written: str) -> None:
    told = refusal({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}ACCOUNT": written})

    assert told.startswith(
        "CONFCAL_SOURCES__LOBBY__ACCOUNT: write one TrueConf user with the server, like lobby@"
    )


def test_an_empty_pin_is_none() -> None:
    assert (
        load_settings({f"{SOURCE}URL": "ws://h:1", f"{SOURCE}ACCOUNT": ""}).sources["lobby"].account is None
    )


def test_a_pin_to_another_server_than_the_source_s_is_refused() -> None:
    told = refusal(
        {f"{SOURCE}URL": "ws://h:1", f"{SOURCE}ACCOUNT": "a@one.example", f"{SOURCE}SERVER": "two.example"}
    )

    assert told.startswith("CONFCAL_SOURCES__LOBBY__ACCOUNT: its server is not SERVER (two.example)")


def test_a_pinned_source_of_posted_events_needs_no_server() -> None:
    settings = load_settings({f"{SOURCE}INGEST_TOKEN": "0" * 16, f"{SOURCE}ACCOUNT": "a@one.example"})

    assert settings.sources["lobby"].account == "a@one.example"


@pytest.mark.parametrize("written", ["u" * 256 + "@h", "u@" + "s" * 256])
@pytest.mark.parametrize(
    "names",
    [
        {f"{SOURCE}URL": "ws://h:1", f"{SOURCE}ACCOUNT": "{}"},
        {"CONFCAL_CALENDARS__BOARD__OWNER": "{}"},
        {"CONFCAL_CALENDARS__BOARD__PARTICIPANT": "ivanov,{}"},
        {"CONFCAL_CALENDARS__BOARD__ACCOUNT": "{}"},
        {"CONFCAL_TARGETS__CLOUD__URL": "https://h", "CONFCAL_TARGETS__CLOUD__CALENDAR": "{}"},
    ],
)
def test_an_id_that_is_too_long_is_refused_wherever_it_is_set(names: dict[str, str], written: str) -> None:
    told = refusal({name: value.format(written) for name, value in names.items()})

    assert "longer than 255 characters" in told
    assert told.startswith(next(name for name, value in names.items() if "{}" in value))
