"""
Which confcal this is: told by the build, else by git, else plainly unknown.
"""

import os
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import pytest
from click.testing import CliRunner

from hatch_build import COMMIT_VARIABLE, CatalogueHook
from service.app.metrics import Metrics
from service.commands.line import cli
from service.core.state import State
from service.version import Build, find_commit, read_build
from tests.app.test_metrics import numbers

ROOT = Path(__file__).parent.parent


def git(folder: Path, *command: str) -> str:
    own = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        [shutil.which("git") or "git", "-C", str(folder), *own, *command],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with one commit and what the build reads."""
    folder = tmp_path / "clone"
    (folder / "service").mkdir(parents=True)
    shutil.copy(ROOT / "service/version.py", folder / "service")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "First")
    return folder


def test_a_clone_tells_its_commit_and_whether_files_differ_from_it(clone: Path) -> None:
    commit = git(clone, "rev-parse", "--short=12", "HEAD")
    assert find_commit(clone) == commit

    (clone / "service/version.py").write_text("# another\n")

    assert find_commit(clone) == f"{commit}+changes"


def test_a_folder_inside_of_another_clone_does_not_take_that_ones_commit(clone: Path) -> None:
    inner = clone / "unpacked"
    inner.mkdir()

    assert find_commit(inner) is None


def test_the_commit_is_unknown_where_nothing_tells_it(tmp_path: Path) -> None:
    assert read_build("service.no_such_module", tmp_path) == Build(version("confcal"), "unknown")


def test_the_version_is_shown_with_the_commit() -> None:
    shown = CliRunner().invoke(cli, ["--version"])

    assert shown.exit_code == 0
    assert shown.output == f"confcal {version('confcal')} (commit {read_build().commit})\n"


def test_the_numbers_tell_the_version_that_runs() -> None:
    found = numbers(Metrics(State, build=Build("0.2.0", "0123456789ab")))

    assert found[f"confcal_build_info{{0123456789ab,{python_version()},0.2.0}}"] == 1


def packed(folder: Path, version: str = "standard") -> str | None:
    """Return what a build of this folder packs as the commit's file."""
    hook = CatalogueHook(str(folder), {}, None, None, str(folder / "dist"), "wheel")  # type: ignore[arg-type]
    data: dict[str, dict[str, str] | list[str]] = {"force_include": {}, "artifacts": []}
    hook.initialize(version, data)
    included = data["force_include"]
    assert isinstance(included, dict)
    texts = [Path(file).read_text() for file in included]
    hook.finalize(version, data, "")
    assert not any(map(os.path.exists, included))
    return texts[0] if texts else None


def test_the_build_packs_the_commit_of_the_clone_and_leaves_no_file_there(clone: Path) -> None:
    text = packed(clone)

    assert text
    assert f'COMMIT = "{find_commit(clone)}"' in text
    assert git(clone, "status", "--porcelain") == ""
    assert packed(clone, "editable") is None


def test_the_build_takes_the_commit_that_the_environment_names(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(clone / ".git")
    monkeypatch.setenv(COMMIT_VARIABLE, "0123456789ab")
    assert 'COMMIT = "0123456789ab"' in (packed(clone) or "")

    monkeypatch.setenv(COMMIT_VARIABLE, 'x"; import os')
    with pytest.raises(ValueError, match=r"SOURCE_COMMIT: .* is no commit"):
        packed(clone)


def test_an_unpacked_sdist_keeps_the_commit_it_brought(clone: Path) -> None:
    (clone / "service/build_info.py").write_text('COMMIT = "of the sdist"\n')

    assert packed(clone) is None
