"""
What `make release` says and refuses; tests/e2e/test_release.py builds one.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from release import NotReleasable, Release, build_image, find_engine, read_notes, read_release
from tests.components import find_fault

RELEASE = Release("0.2.0", "0123456789ab", datetime(2026, 11, 1, tzinfo=UTC))
CHANGELOG = """# Changelog

## Unreleased

### Added

- Something new.

## 0.1.0 - 2026-01-01

- The first.
"""


class Commands:
    """Stands for the programs that a release calls."""

    def __init__(self, *answers: str | NotReleasable) -> None:
        self.answers = list(answers)
        self.given: list[tuple[str, ...]] = []

    def __call__(self, *command: str, **_environment: str) -> str:
        self.given.append(command)
        answer = self.answers.pop(0)
        if isinstance(answer, NotReleasable):
            raise answer
        return answer


def test_the_notes_of_a_version_are_its_section_of_the_changelog() -> None:
    assert read_notes(CHANGELOG, "0.1.0") == "# confcal 0.1.0\n\n- The first.\n"


def test_the_notes_of_a_version_without_a_section_are_what_is_unreleased() -> None:
    assert read_notes(CHANGELOG, "0.2.0") == "# confcal 0.2.0\n\n### Added\n\n- Something new.\n"


def test_a_release_of_which_nobody_says_anything_is_refused() -> None:
    with pytest.raises(NotReleasable, match=r"CHANGELOG.md says nothing of 0\.2\.0"):
        read_notes("# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- The first.\n", "0.2.0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    return tmp_path


def test_a_working_copy_with_changes_is_no_release_but_a_draft(project: Path) -> None:
    with pytest.raises(NotReleasable, match="commit them, or try it with --draft"):
        read_release(project, draft=False, run=Commands(" M README.md\n"))

    release = read_release(project, draft=True, run=Commands("0123456789abcdef 1793491200\n"))

    assert release == RELEASE


def test_the_engine_is_the_first_that_answers() -> None:
    silent = NotReleasable("docker info: cannot connect")

    assert find_engine(Commands(silent, ""), ["sh", "true"]) == "true"
    assert find_engine(Commands(silent), ["sh"]) is None
    assert find_engine(Commands(), ["no-such-engine"]) is None


def image_commands(folder: Path) -> Sequence[tuple[str, ...]]:
    inside = json.dumps({"pypi/httpx": "0.28.1", "deb/debian/libc6": "2.41-12"})
    pulled, digests = "", json.dumps([f"python@sha256:{'0' * 64}"])
    commands = Commands(pulled, digests, "", "", inside)
    build_image(RELEASE, "docker", folder, run=commands)
    return commands.given[2:]


def test_the_image_is_built_with_its_commit_and_saved_beside_a_list_of_what_is_in_it(tmp_path: Path) -> None:
    built, saved, _ = image_commands(tmp_path)

    assert "SOURCE_COMMIT=0123456789ab" in built
    assert saved[-2:] == (str(tmp_path / "confcal-0.2.0-image.tar"), "confcal:0.2.0")
    text = (tmp_path / "confcal-0.2.0-image.cdx.json").read_text()
    assert find_fault(text) is None
    found = {each["purl"] for each in json.loads(text)["components"]}
    assert found == {"pkg:pypi/httpx@0.28.1", "pkg:deb/debian/libc6@2.41-12"}
