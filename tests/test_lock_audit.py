"""
The audit of the locks: what it finds, and what it says where nobody can be asked.
"""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from lock_audit import LOCKS, Unreached, audit, missing_from, read_lock, read_report

ROOT = Path(__file__).parent.parent
HASH = "--hash=sha256:" + "a" * 64
SOUND = (
    f"httpx==0.28.1 \\\n    {HASH} \\\n    {HASH}\n"
    f"uvicorn[standard]==0.54.0 ; python_version >= '3.11' \\\n    {HASH}\n"
)


def found(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def vulnerable(name: str, *ids: str) -> dict[str, Any]:
    vulns = [{"id": each, "fix_versions": ["2.0"], "aliases": [], "description": "..."} for each in ids]
    return {"name": name, "version": "1.0", "vulns": vulns}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with sound locks."""
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["uvicorn>=0.30"]\n[project]\ndependencies = ["httpx>=0.28,<1"]\n'
    )
    for name in LOCKS:
        (tmp_path / name).write_text(SOUND)
    return tmp_path


def audited(folder: Path, report: str | None) -> tuple[int, str]:
    """Audit with this report, or with nobody to ask; the status, and what was said."""
    said: list[str] = []

    def asked(_locks: Sequence[Path]) -> str:
        if report is None:
            raise Unreached("the network is away")
        return report

    return audit(folder, say=said.append, report=asked), "\n".join(said)


def test_what_is_pinned_with_hashes_is_sound() -> None:
    assert read_lock(SOUND) == ({"httpx": "0.28.1", "uvicorn": "0.54.0"}, [])


@pytest.mark.parametrize(
    ("lock", "fault"),
    [
        ("httpx==0.28.1\n", "httpx: give it SHA-256 hashes"),
        (f"httpx==0.28.1 --hash=md5:{'a' * 32}\n", "httpx: give it SHA-256 hashes"),
        (f"httpx>=0.28.1 {HASH}\n", "httpx>=0.28.1: pin it"),
        (f"httpx @ https://example.com/x.whl {HASH}\n", "pin it"),
        ("--find-links https://example.com\n", "pin it"),
        ("-e .\n", "-e .: pin it"),
        (f"httpx==0.28.* {HASH}\n{SOUND}", "httpx: it is there twice"),
    ],
)
def test_a_lock_at_fault_is_told(lock: str, fault: str) -> None:
    assert fault in "\n".join(read_lock(lock)[1])


def test_a_lock_that_lags_behind_the_project_is_told() -> None:
    pinned = {"httpx": "0.27.0", "prometheus-client": "0.21"}
    wanted = ["httpx>=0.28", "Prometheus_Client>=0.21", "jinja2"]

    assert [each.split(";")[0] for each in missing_from(pinned, wanted)] == [
        "httpx: 0.27.0 is not >=0.28",
        "jinja2: it is not in the lock",
    ]


def test_a_known_vulnerability_fails(folder: Path) -> None:
    status, said = audited(folder, found(vulnerable("httpx", "PYSEC-1"), vulnerable("uvicorn")))

    assert status == 1
    assert "VULNERABLE httpx 1.0: PYSEC-1, fixed in 2.0" in said


def test_none_known_is_good_and_says_of_how_many(folder: Path) -> None:
    status, said = audited(folder, found(vulnerable("httpx"), vulnerable("uvicorn")))

    assert (status, said) == (0, "audit: 0 known vulnerabilities in 2 of 4 requirements")


def test_what_nobody_could_be_asked_about_is_named(folder: Path) -> None:
    skipped = {"name": "uvicorn", "skip_reason": "not found"}

    assert "no advisory data on uvicorn" in audited(folder, found(vulnerable("httpx"), skipped))[1]


@pytest.mark.parametrize(
    "report", [None, "", "<html>", "[]", found({"name": "httpx", "skip_reason": "not found"})]
)
def test_where_nobody_can_be_asked_the_locks_alone_are_checked_and_that_is_said(
    folder: Path, report: str | None
) -> None:
    status, said = audited(folder, report)

    assert status == 0
    assert said.startswith("audit: advisory data could not be reached (")
    assert "only the locks were checked: 4 requirements" in said


def test_a_lock_at_fault_fails_though_nobody_can_be_asked(folder: Path) -> None:
    (folder / LOCKS[0]).write_text("httpx==0.28.1\n")
    status, said = audited(folder, None)

    assert status == 1
    assert "requirements.lock: httpx: give it SHA-256 hashes" in said
    assert "only the locks" not in said


def test_a_report_without_a_single_answer_is_none() -> None:
    with pytest.raises(Unreached):
        read_report(found())


def test_our_own_locks_are_sound_and_the_audit_ends_well_without_a_network() -> None:
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    nowhere = dict.fromkeys(proxies, "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "lock_audit.py"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **nowhere},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert "advisory data could not be reached" in done.stdout


def test_the_tests_run_with_the_versions_that_the_image_holds() -> None:
    dev, faults = read_lock((ROOT / "requirements-dev.lock").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["dev"]]

    assert faults == []
    assert list(missing_from(dev, wanted)) == []
    for name in LOCKS:
        pinned, _ = read_lock((ROOT / name).read_text("utf-8"))
        assert {each: dev.get(each) for each in pinned} == pinned
