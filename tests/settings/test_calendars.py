"""
The settings of calendars, and what they make.
"""

from pathlib import Path

import pytest

from service.app.policy import calendars_with_rules, policy_of, rendering_digest
from service.calendars.rules import Rule
from service.core.errors import SettingsError
from service.settings.load import load_settings
from service.settings.model import Settings
from tests.core.given import NOW

BOARD = "CALENDARS__BOARD__"


def loaded(**given: str) -> Settings:
    return load_settings({f"CONFCAL_{name}": value for name, value in given.items()})


def refusal(**given: str) -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(**given)
    return str(caught.value)


def test_a_calendar_is_defined_by_its_variables() -> None:
    (calendar,) = calendars_with_rules(
        loaded(
            **{
                f"{BOARD}TITLE": "Board",
                f"{BOARD}OWNER": "Ivanov, brown@video.example.com ,",
                f"{BOARD}PARTICIPANT": "petrov",
                f"{BOARD}TOPIC": "Board*, *budget*",
                f"{BOARD}MODE": "0xp,S|L",
                f"{BOARD}ACCESS": "Private",
                f"{BOARD}ACCOUNT": "lobby@video.example.com",
                f"{BOARD}COLOR": "SeaGreen",
                f"{BOARD}LANGUAGE": "ru",
            }
        )
    )

    assert (calendar.name, calendar.title, calendar.color) == ("board", "Board", "seagreen")
    assert calendar.variant == "full-ru"
    assert calendar.rule == Rule(
        owners=frozenset({"ivanov", "brown@video.example.com"}),
        participants=frozenset({"petrov"}),
        topics=frozenset({"board*", "*budget*"}),
        modes=frozenset({"oxp", "s|l"}),
        access=frozenset({"private"}),
        accounts=frozenset({"lobby@video.example.com"}),
    )


def test_a_toml_file_says_the_same_with_lists(tmp_path: Path) -> None:
    file = tmp_path / "confcal.toml"
    file.write_text('[calendars.board]\nowner = ["ivanov", "brown"]\ntopic = "board*"\n', encoding="utf-8")

    (calendar,) = calendars_with_rules(loaded(CONFIG_FILE=str(file)))

    assert calendar.rule.owners == {"ivanov", "brown"}
    assert calendar.rule.topics == {"board*"}


def test_a_busy_calendar_is_named_by_nothing_of_what_it_hides() -> None:
    (english,) = calendars_with_rules(loaded(**{f"{BOARD}REDACT": "busy", f"{BOARD}TOPIC": "merger*"}))
    (titled,) = calendars_with_rules(loaded(**{f"{BOARD}REDACT": "busy", f"{BOARD}TITLE": "Room 5"}))

    assert english.title == "Busy"
    assert titled.title == "Room 5"
    assert (english.redaction, english.variant) == ("busy", "busy-en")


def test_the_variants_are_those_that_calendars_need_the_usual_one_first() -> None:
    settings = loaded(
        SECRET="a secret of the tests",
        LANGUAGE="en",
        CALENDARS__A__REDACT="busy",
        CALENDARS__B__REDACT="busy",
        CALENDARS__C__LANGUAGE="en",
    )

    assert [variant.name for variant in policy_of(settings).variants] == ["full-en", "busy-en"]


def test_another_set_of_variants_renders_anew_and_a_rule_alone_does_not() -> None:
    def digest(**given: str) -> str:
        return rendering_digest(policy_of(loaded(SECRET="a secret of the tests", **given)), NOW)

    assert digest(**{f"{BOARD}REDACT": "busy"}) != digest()
    assert digest(**{f"{BOARD}OWNER": "ivanov"}) == digest()
    assert digest(CALENDARS_FOR_PEOPLE="true") == digest()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"CALENDARS__ALL__OWNER": "ivanov"}, "'all' is the calendar of everything; choose another name"),
        ({"CALENDARS__-X__OWNER": "ivanov"}, "'-x' is not a name for a calendar; write letters a-z"),
        ({f"{BOARD}OWNER": "ivan ivanov"}, "'ivan ivanov' is not a TrueConf ID; write IDs like ivanov"),
        ({f"{BOARD}PARTICIPANT": "a@b@c"}, "'a@b@c' is not a TrueConf ID"),
        ({f"{BOARD}ACCESS": "secret"}, "'secret' is unknown; write private, public, or both with a comma"),
        (
            {f"{BOARD}MODE": "PxP,zzz"},
            "'zzz' is unknown; write PxP, OxP, S|L, S|L Auto, or several with commas",
        ),
        ({f"{BOARD}REDACT": "yes"}, "CONFCAL_CALENDARS__BOARD__REDACT: write full or busy"),
        ({f"{BOARD}COLOR": "Lightblu"}, "it is not a CSS3 color name; did you mean lightblue?"),
        ({f"{BOARD}COLOR": "#ff0000"}, "it is not a CSS3 color name; write one like steelblue"),
        ({f"{BOARD}TITLE": "  "}, "it is empty; write what people should see, or leave it out"),
        ({f"{BOARD}LANGUAGE": "de"}, "CONFCAL_CALENDARS__BOARD__LANGUAGE: write en or ru"),
        ({f"{BOARD}OWNRE": "ivanov"}, "did you mean CONFCAL_CALENDARS__BOARD__OWNER?"),
        ({"TRUSTED_PROXIES": "10.0.0.0/8,proxy"}, "'proxy' is not a network; write one like 10.0.0.0/8"),
        ({"ADMIN_TOKEN": "short"}, "CONFCAL_ADMIN_TOKEN is too short; write at least 16 characters"),
        ({"SOURCES__HALL__PIN": "1"}, "CONFCAL_SOURCES__HALL__URL is missing; set it"),
        (
            {"SOURCES__HALL__INGEST_TOKEN": "0123456789abcdef"},
            "CONFCAL_SOURCES__HALL__SERVER is missing; set it",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_what_to_write(given: dict[str, str], told: str) -> None:
    assert told in refusal(**given)


def test_the_admin_token_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("0123456789abcdef\n", encoding="utf-8")

    token = loaded(ADMIN_TOKEN_FILE=str(file)).admin_token

    assert token is not None
    assert token.get_secret_value() == "0123456789abcdef"


def test_a_wrong_token_is_not_repeated_in_the_error() -> None:
    assert "hunter2" not in refusal(ADMIN_TOKEN="hunter2", SOURCES__HALL__INGEST_TOKEN="hunter2")
