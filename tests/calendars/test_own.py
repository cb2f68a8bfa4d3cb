"""
Whose calendar a name of another system stands for: that person's, or nobody's.
"""

import sys
from collections import defaultdict

import pytest

from service.calendars.own import parse_person
from tests.core.given import SERVER


@pytest.mark.parametrize(
    "text",
    [f"ivanov@{SERVER}", f"IVANOV@{SERVER.upper()}", f"Ivanov@{SERVER}", "ivanov", "Ivanov"],
)
def test_case_makes_nobody_else_and_the_only_server_may_be_left_out(text: str) -> None:
    assert parse_person(text, [SERVER]) == f"ivanov@{SERVER}"


def test_the_same_server_of_several_accounts_is_one() -> None:
    assert parse_person("ivanov", [SERVER, SERVER.upper()]) == f"ivanov@{SERVER}"


@pytest.mark.parametrize("servers", [[], [SERVER, "other.example.com"]])
def test_a_name_without_a_server_is_nobody_where_it_could_be_two(servers: list[str]) -> None:
    assert parse_person("ivanov", servers) is None


def test_a_person_of_another_server_is_somebody_else() -> None:
    assert parse_person("ivanov@partner.example", [SERVER]) == "ivanov@partner.example"


@pytest.mark.parametrize(
    "user", ["иванов", "ИВАНОВ", "Ёлкин", "weiss", "müller", "γιώργος", "山田", "o'neill", "a.b-c_d+e"]
)
def test_a_name_in_any_script_is_its_owners(user: str) -> None:
    assert parse_person(f"{user}@{SERVER}", []) == f"{user}@{SERVER}".casefold()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "@",
        f"@{SERVER}",
        "ivanov@",
        f"ivanov@{SERVER}@{SERVER}",
        f"ivanov@@{SERVER}",
        f"ivanov/desk@{SERVER}",
        f"ivanov@{SERVER}/desk",
        f"ivanov@{SERVER},brown@{SERVER}",
        f"ivanov@{SERVER}, ivanov@{SERVER}",
        f"ivanov@{SERVER};",
        f"Ivanov <ivanov@{SERVER}>",
        f'"ivanov"@{SERVER}',
        f"ivanov\\@{SERVER}",
        f" ivanov@{SERVER}",
        f"ivanov@{SERVER}\N{NO-BREAK SPACE}",
        f"ivanov\N{ZERO WIDTH SPACE}@{SERVER}",
        f"ivanov\x00@{SERVER}",
        f"ivanov\n@{SERVER}",
        f"#sip:ivanov@{SERVER}",
        "i" * 300 + f"@{SERVER}",
        "i" * 100_000,
    ],
)
def test_what_is_not_one_id_alone_names_nobody(text: str) -> None:
    assert parse_person(text, [SERVER]) is None


@pytest.mark.parametrize(
    "user",
    [
        "\N{KELVIN SIGN}im",
        "wei\N{LATIN SMALL LETTER SHARP S}",
        "wei\N{LATIN CAPITAL LETTER SHARP S}",
        "\N{LATIN SMALL LETTER LONG S}mith",
        "\N{LATIN SMALL LIGATURE FI}sher",
        "\N{ANGSTROM SIGN}berg",
        "i\N{CYRILLIC SMALL LETTER ROUNDED VE}anov",
        "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}vanov",
        "и\N{COMBINING BREVE}од",
    ],
)
def test_a_letter_that_only_folds_to_another_names_nobody(user: str) -> None:
    assert parse_person(f"{user}@{SERVER}", []) is None


def test_letters_that_look_alike_name_somebody_else() -> None:
    cyrillic = parse_person(f"iv\N{CYRILLIC SMALL LETTER A}nov@{SERVER}", [])

    assert cyrillic is not None
    assert cyrillic != f"ivanov@{SERVER}"


def test_no_two_letters_of_the_same_case_name_one_person() -> None:
    people: dict[tuple[str, bool, bool], list[str]] = defaultdict(list)
    for letter in map(chr, range(sys.maxunicode + 1)):
        person = parse_person(f"a{letter}b@{SERVER}", [])
        if person is not None:
            people[person, letter.isupper(), letter.islower()].append(letter)

    assert len(people) > 100_000
    assert [letters for letters in people.values() if len(letters) > 1] == [
        ["\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}"]
    ]
