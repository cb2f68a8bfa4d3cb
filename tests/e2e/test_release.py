"""
A release as people get it: built into one folder, and installed from there into an empty home.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from lock_audit import read_lock
from release import ROOT, find_engine, make_release, read_release
from tests.components import find_fault
from tests.conftest import SAMPLES

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TOOLS = Path(sys.executable).parent
PASSED_ON = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "constraint": "UV_CONSTRAINT",
    "cert": "SSL_CERT_FILE",
}
"""What pip reads from its files on this machine, and what uv calls it."""

_OF_THE_NETWORK = {"http_proxy", "https_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"}

pytestmark = [pytest.mark.timeout(300), pytest.mark.thorough]


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, said: list[str]) -> Path:
    """The release of this working copy, without its image."""
    folder = tmp_path_factory.mktemp("dist")
    (folder / "confcal-0.0.1-notes.md").write_text("of an earlier release")
    make_release(read_release(ROOT, draft=True), folder, say=said.append, engine=None)
    return folder


def test_a_release_is_these_files_and_their_checksums_are_right(folder: Path, said: list[str]) -> None:
    stem = f"confcal-{VERSION}"
    files = {f"{stem}-py3-none-any.whl", f"{stem}.tar.gz", f"{stem}.cdx.json", f"{stem}-notes.md"}

    assert {each.name for each in folder.iterdir()} == {*files, "SHA256SUMS"}

    lines = (folder / "SHA256SUMS").read_text().splitlines()
    assert {line.split()[1] for line in lines} == files
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert any(line.startswith("THE IMAGE IS LEFT OUT") for line in said)


def test_the_list_of_components_is_valid_and_names_what_the_lock_pins(folder: Path) -> None:
    text = (folder / f"confcal-{VERSION}.cdx.json").read_text()

    assert find_fault(text) is None
    found = {each["name"]: each["version"] for each in json.loads(text)["components"]}
    pinned, faults = read_lock((ROOT / "requirements.lock").read_text())
    assert found == pinned
    assert not faults


def test_wheel_and_sdist_tell_the_commit_that_they_were_built_from(folder: Path) -> None:
    commit = read_release(ROOT, draft=True).commit
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        assert commit in wheel.read("service/build_info.py").decode()
        assert not any(name.startswith("tests/") for name in wheel.namelist())
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
        packed = sdist.extractfile(f"confcal-{VERSION}/service/build_info.py")
        assert packed
        assert commit in packed.read().decode()
    assert {"Makefile", "Dockerfile", "release.py", "lock_audit.py", "config/compose.yaml"} <= names


def test_a_second_build_is_the_same_byte_for_byte(folder: Path, tmp_path: Path) -> None:
    make_release(read_release(ROOT, draft=True), tmp_path, say=str, engine=None)

    assert (tmp_path / "SHA256SUMS").read_text() == (folder / "SHA256SUMS").read_text()


def environment(home: Path) -> Iterator[tuple[str, str]]:
    """Yield the variables of a user with an empty home; where packages come from is the machine's matter."""
    yield "HOME", str(home)
    yield "PATH", f"{home}/.local/bin:/usr/local/bin:/usr/bin:/bin"
    yield "LANG", "C.UTF-8"
    # pipx asks its own Python otherwise, which is that of the tests.
    yield "PIPX_DEFAULT_PYTHON", sys.base_prefix + "/bin/python3"
    yield "UV_PYTHON", sys.base_prefix + "/bin/python3"
    for name, value in os.environ.items():
        if name.startswith(("PIP_", "UV_")) or name.lower() in _OF_THE_NETWORK:
            yield name, value
    told = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    for line in told.splitlines():
        name, _, value = line.partition("=")
        known = PASSED_ON.get(name.rpartition(".")[2])
        if name.startswith(("global.", "install.")) and known and known not in os.environ:
            yield known, " ".join(value.strip("'").replace("\\n", " ").split())


INSTALLERS = {
    "pipx": ("pipx", "install"),
    "uv": ("uv", "tool", "install"),
}


@pytest.mark.parametrize("tool", INSTALLERS)
def test_the_wheel_is_installed_into_an_empty_home(tool: str, folder: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    variables = dict(environment(home))
    program, *words = INSTALLERS[tool]
    wheel = next(folder.glob("*.whl"))

    def run(*command: object) -> str:
        done = subprocess.run(
            [*map(str, command)],
            cwd=home,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(TOOLS / program, *words, wheel)

    confcal = home / ".local/bin/confcal"
    commit = read_release(ROOT, draft=True).commit
    assert run(confcal, "--version").startswith(f"confcal {VERSION} (commit {commit}")
    assert "BEGIN:VEVENT" in run(confcal, "convert", SAMPLES / "01_A_once_seed_verbatim.json")
    assert "CONFCAL_TIMEZONE" in run(confcal, "settings", "--example")


def test_the_version_stands_in_one_place() -> None:
    assert version("confcal") == VERSION


def test_the_image_is_built_where_an_engine_runs(tmp_path: Path) -> None:
    engine = find_engine()
    if engine is None:
        pytest.skip("NO CONTAINER ENGINE ANSWERS: the image of the release was NOT built")
    make_release(read_release(ROOT, draft=True), tmp_path, say=str, engine=engine)

    assert (tmp_path / f"confcal-{VERSION}-image.tar").stat().st_size > 10_000_000
    assert find_fault((tmp_path / f"confcal-{VERSION}-image.cdx.json").read_text()) is None
