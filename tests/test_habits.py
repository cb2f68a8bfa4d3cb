"""
What CONTRIBUTING.md, the hooks and the Makefile say of each other is so.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.tools import missing

ROOT = Path(__file__).parent.parent


def recipe(*arguments: str) -> Sequence[str]:
    """Return the lines that make would run for this, with everything installed."""
    make = shutil.which("make") or missing("make is missing: the Makefile was NOT read")
    there = ["--assume-old=.venv/dev", "--assume-old=tests/readers/node_modules"]
    there += ["--assume-old=tests/browser/node_modules"]
    command = [make, "--dry-run", *there, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return [line for line in done.stdout.splitlines() if not line.startswith("make")]


def test_the_hooks_are_the_tools_of_make_check() -> None:
    (local,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    entries = [hook["entry"] for hook in local["hooks"]]

    assert (local["repo"], {hook["language"] for hook in local["hooks"]}) == ("local", {"system"})
    checks = recipe("check")
    assert len(entries) == len(checks)
    assert all(check.startswith(entry) for entry, check in zip(entries, checks, strict=True))


def test_the_first_hour_names_verbs_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    lines = re.findall(r"(?:^|`)make ((?:[a-z-]+ ?)+)", text, re.MULTILINE)
    named = {verb for line in lines for verb in line.split()}
    makefile = (ROOT / "Makefile").read_text()
    listed = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))

    assert {"install", "demo", "fast", "test", "check", "coverage", "lock"} <= named
    assert named <= listed


def test_the_folders_that_contributing_names_exist() -> None:
    named = re.findall(r"`((?:tests|docs|service)/[a-z0-9_/]*)`", (ROOT / "CONTRIBUTING.md").read_text())

    assert named
    assert [each for each in named if not (ROOT / each).is_dir()] == []


def test_make_test_runs_everything_or_what_is_asked_for() -> None:
    everything = recipe("test")[-1]
    one = recipe("test", "ONLY=tests/publishing/test_plan.py")[-1]

    assert "tests/" not in everything.replace("tests/readers", "").replace("tests/browser", "")
    assert one.split() == [".venv/bin/pytest", "tests/publishing/test_plan.py"]


@pytest.mark.parametrize("verb", ["fast", "coverage"])
def test_folders_that_the_makefile_measures_exist(verb: str) -> None:
    lines = "\n".join(recipe(verb))
    folders = re.findall(r"\btests/([a-z]+)", lines)
    folders += [name for found in re.findall(r"for folder in ([a-z ]+);", lines) for name in found.split()]

    assert "core" in folders
    assert [name for name in folders if not (ROOT / "tests" / name).is_dir()] == []


def test_each_measured_folder_has_a_floor_for_branches() -> None:
    *folders, everything = "\n".join(recipe("coverage")).split("--cov-fail-under=")[1:]

    assert everything.split()[0] == "92"
    assert {floor.split()[0] for floor in folders} == {"97"}
    assert "\n".join(recipe("coverage")).count("--cov-branch") == 2
