"""
The rules of the house hold in every module; each rule is shown to find what it is there for.
"""

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.house.rules import (
    LEAST_LINES,
    MOST_LINES,
    OLD_PHRASES,
    OLD_PROSE,
    OLD_WORDS,
    crowded_functions,
    foreign_privates,
    is_participle,
    is_telling,
    modules,
    names,
    prose,
    public_functions,
)

ROOT = Path(__file__).parents[2]

SHORT = {
    "app/joining.py": "it reads the settings, of which the holder of leases knows nothing",
    "app/self_report.py": "what the daemon says of itself, beside the route's Protocol in the web",
    "commands/speech.py": "every command that speaks to people asks it for the language",
    "commands/approve.py": "one command",
    "commands/keep.py": "one command",
    "commands/acting.py": "several commands say it, and some import little else",
    "web/replica_views.py": "the views of parts are long enough without that of replicas",
    "core/handout.py": "one text that the file of links and a command share",
    "core/clock.py": "a seam that every layer uses",
    "core/memory.py": "one call of the C library, kept apart from what needs it",
    "core/nearest.py": "commands, settings and targets suggest names alike",
    "sources/stopping.py": "what a TaskGroup of older Pythons needs; it goes with them",
    "trueconf/requests.py": "one value of the session",
    "app/clock.py": "the clock of the daemon is a seam of its own",
    "app/health.py": "it is imported without anything heavy",
    "caldav/named_hosts.py": "the settings and the connection read hosts alike",
    "commands/backup.py": "one command",
    "commands/healthcheck.py": "one command",
    "commands/migrate.py": "one command",
    "commands/why.py": "one command",
    "commands/settings.py": "one command",
    "core/spreadsheet.py": "the command and the web write the same table",
    "web/links_file.py": "the dashboard and the API answer with the same file",
    "core/exposure.py": "one value that the settings make and the web shows",
    "settings/own_address.py": "a health check reads it without the model of the settings",
    "settings/accounts.py": "what posted events and endpoints both ask of the settings",
    "settings/types.py": "types that several models of the settings share",
    "sources/backoff.py": "pure functions that tests call with chance as an argument",
    "trueconf/receipts.py": "what sources give and the web answers with",
    "web/api/bearer.py": "the API and the ingest read the same header",
    "web/health.py": "two handlers",
    "web/pages/qr.py": "the only user of segno",
}
"""Modules of less than thirty lines, each with its reason."""


def offences(find: Callable[[str], Iterable[object]]) -> dict[str, list[object]]:
    """Return what `find` finds in the text of each module, without the modules in which it finds nothing."""
    found = {path: list(find(path.read_text("utf-8"))) for path in modules(ROOT)}
    return {str(path.relative_to(ROOT / "service")): each for path, each in found.items() if each}


def test_public_functions_are_named_by_what_they_do() -> None:
    found = offences(
        lambda text: [
            each for each in public_functions(text) if is_participle(each[0]) or is_telling(each[0])
        ]
    )

    assert found == {}, "name it by an imperative: parse, render, find"


def test_no_module_uses_a_word_that_was_replaced() -> None:
    found = offences(lambda text: {(name, OLD_WORDS[name]) for name, _ in names(text) if name in OLD_WORDS})

    assert found == {}, "say the word on the right"


def test_no_module_says_a_phrase_that_was_replaced() -> None:
    assert offences(lambda text: [phrase for phrase in OLD_PHRASES if phrase in text]) == {}


def test_no_docstring_and_no_comment_says_a_word_that_was_replaced() -> None:
    assert (
        offences(lambda text: [found[0] for each in prose(text) for found in OLD_PROSE.finditer(each)]) == {}
    )


@pytest.mark.parametrize(
    "text",
    ["# the bell rings", "# it tells nothing", '"""\nReturn the upkeep.\n"""', "def f():\n    'A Roster.'\n"],
)
def test_a_replaced_word_is_found_in_a_comment_and_in_a_docstring(text: str) -> None:
    assert any(OLD_PROSE.search(each) for each in prose(text))


def test_a_replaced_word_is_not_found_in_code() -> None:
    assert not any(OLD_PROSE.search(each) for each in prose('bells = "patience"\n'))


def test_every_package_says_in_two_sentences_what_lives_there_and_what_may_not() -> None:
    packages = [path for path in modules(ROOT) if path.name == "__init__.py"]
    docs = {
        str(path.parent.relative_to(ROOT)): ast.get_docstring(ast.parse(path.read_text("utf-8")))
        for path in packages
    }

    assert {name for name, doc in docs.items() if len((doc or "").split("\n\n")) < 2} == set()


def test_no_module_is_too_long_and_each_short_one_has_a_reason() -> None:
    lengths = {
        str(path.relative_to(ROOT / "service")): len(path.read_text("utf-8").splitlines())
        for path in modules(ROOT)
        if path.name != "__init__.py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}
    assert {name for name, lines in lengths.items() if lines < LEAST_LINES} - SHORT.keys() == set()


def test_every_reason_for_a_short_module_is_about_one_that_exists() -> None:
    assert [name for name in SHORT if not (ROOT / "service" / name).is_file()] == []


COMPOSITION_ROOT = {"app/build.py", "app/daemon.py", "app/targets.py"}
"""What puts the parts together knows them all."""


def test_no_function_takes_more_than_seven_parameters() -> None:
    found = offences(lambda text: crowded_functions(text, most=7))

    assert {name: crowded for name, crowded in found.items() if name not in COMPOSITION_ROOT} == {}


def test_a_crowded_function_is_found() -> None:
    text = "class A:\n    def __init__(self, a, b, *, c): ...\n    async def f(self, a, b): ...\n"

    assert list(crowded_functions(text, most=2)) == ["__init__"]


FOREIGN_LIBRARIES = {"tests/caldav/xandikos_with_passwords.py": ["_mark_as_principal"]}
"""What Xandikos itself does at its start, and offers under no other name."""


def test_no_test_reads_what_is_private() -> None:
    paths = [path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts]

    found = {str(path.relative_to(ROOT)): list(foreign_privates(path.read_text("utf-8"))) for path in paths}
    assert {name: private for name, private in found.items() if private} == FOREIGN_LIBRARIES


def test_what_is_private_is_found() -> None:
    text = (
        "from service.core.ical import _fold\nclass A:\n    def f(self): return self._a, b._c, super()._d\n"
    )

    assert sorted(foreign_privates(text)) == ["_c", "_d", "_fold"]


@pytest.mark.parametrize("name", ["told", "rendered_feed", "running_in", "checked_names", "written"])
def test_a_participle_is_found(name: str) -> None:
    assert is_participle(name)


@pytest.mark.parametrize("name", ["tell_list", "_tell", "tell"])
def test_a_function_that_only_tells_is_found(name: str) -> None:
    assert is_telling(name)


@pytest.mark.parametrize(
    "name", ["render", "feed_of", "read", "need", "string_of", "embed", "listing", "settings_of"]
)
def test_what_only_looks_like_a_participle_is_not(name: str) -> None:
    assert not is_participle(name)


def test_public_functions_are_found_in_classes_too_and_neither_commands_nor_properties() -> None:
    command = "@group.command()\ndef held(): ...\n"
    noun = "    @property\n    def closed_sessions(self): ...\n"
    text = f"{command}class A:\n    async def told(self): ...\n    def _said(self): ...\n{noun}"

    assert [name for name, _ in public_functions(text)] == ["told"]


def test_words_in_texts_are_no_names() -> None:
    assert [name for name, _ in names('x = "Upkeep"  # Upkeep')] == ["x"]


def test_the_product_imports_nothing_of_the_tests() -> None:
    importing = re.compile(r"^\s*(?:from|import) (?:tests|bench)\b", re.MULTILINE)

    assert [path for path in modules(ROOT) if importing.search(path.read_text("utf-8"))] == []
