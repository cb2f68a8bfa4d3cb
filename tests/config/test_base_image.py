"""
The image stands on a digest where it is released, and comes up as the compose file says.
"""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from release import ROOT, NotReleasable, Release, build_image, find_engine, pin_base
from tests.config.tools import need

DIGEST = "sha256:" + "ab" * 32
RELEASE = Release("0.2.0", "0123456789ab", datetime(2026, 11, 26, tzinfo=UTC))
LONGEST_SECONDS = 900


class Engine:
    """A container engine that says what it was asked, and answers as a registry's image would."""

    def __init__(self, digests: str) -> None:
        self.digests = digests
        self.asked: list[tuple[str, ...]] = []

    def run(self, *command: str) -> str:
        self.asked.append(command)
        match command[1]:
            case "image":
                return self.digests
            case "run":
                return '{"pypi/confcal": "0.2.0", "deb/debian/libc6": "2.41"}'
            case _:
                return ""


def test_a_release_stands_on_the_digest_that_its_base_has_now(tmp_path: Path) -> None:
    engine = Engine(json.dumps([f"python@{DIGEST}"]))

    build_image(RELEASE, "docker", tmp_path, engine.run)

    (build,) = (command for command in engine.asked if command[1] == "build")
    assert engine.asked[0] == ("docker", "pull", "python:3.13-slim")
    assert f"BASE=python@{DIGEST}" in build
    assert "org.opencontainers.image.base.name=python:3.13-slim" in build
    assert f"org.opencontainers.image.base.digest={DIGEST}" in build


@pytest.mark.parametrize("digests", ["[]", "null", ""])
def test_a_base_without_a_digest_is_not_released(digests: str) -> None:
    with pytest.raises(NotReleasable, match=r"gives no digest of python:3\.13-slim"):
        pin_base("ARG BASE=python:3.13-slim\n", "docker", Engine(digests).run)


def test_each_stage_stands_on_the_same_base() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()

    assert sum(line.startswith("ARG BASE=") for line in lines) == 1
    assert [line.split()[1] for line in lines if line.startswith("FROM ")] == ["${BASE}"] * 2
    with pytest.raises(NotReleasable, match="names no base image"):
        pin_base("FROM python:3.13-slim\n", "docker", Engine("[]").run)


def test_the_compose_file_comes_up_where_an_engine_runs(tmp_path: Path) -> None:
    engine = find_engine()
    if engine is None:
        pytest.skip("NO CONTAINER ENGINE ANSWERS: config/compose.yaml was NOT brought up")
    clone = tmp_path / "confcal"
    ask(need("git", "git"), "clone", "--quiet", str(ROOT), str(clone))
    secrets = clone / "config" / "secrets"
    secrets.mkdir()
    for name in ("pin", "admin-token"):
        (secrets / name).write_text("a secret of the tests\n")
        (secrets / name).chmod(0o644)
    file = clone / "config" / "compose.yaml"
    settings = yaml.safe_load(file.read_text())
    # Another program of this machine may have the port.
    settings["services"]["confcal"]["ports"] = []
    file.write_text(yaml.safe_dump(settings))
    compose = [engine, "compose", "--project-name", f"confcal-{tmp_path.name.lower()}", "--file", str(file)]
    try:
        ask(*compose, "up", "--detach", "--build", "--wait", "--wait-timeout", "120")
        said = json.loads(ask(*compose, "exec", "-T", "confcal", "confcal", "check", "--json", good=(0, 1)))
    finally:
        subprocess.run([*compose, "down", "--volumes"], check=False, timeout=LONGEST_SECONDS)

    found = {each["part"]: each["verdict"] for each in said["findings"]}
    assert found["daemon"] == "good"
    assert found["database"] in {"good", "warning"}


def ask(*command: str, good: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS)
    assert done.returncode in good, done.stdout + done.stderr
    return done.stdout
