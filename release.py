"""
Builds what a release consists of, into one folder.

    python release.py [--out FOLDER] [--draft]

The wheel and the sdist, a CycloneDX list of what the wheel is installed with, the notes of the version from
CHANGELOG.md, the image with a list of its own where a container engine runs, and SHA256SUMS over all of them.
Without an engine it says so loudly. A working copy with changes is refused, unless --draft is given.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from lock_audit import read_lock

ROOT = Path(__file__).parent
_BASE_LABEL = "org.opencontainers.image.base"
ENGINES = ("docker", "podman")
CHECKSUMS = "SHA256SUMS"

_ANSWER_SECONDS = 20
_SECTION = re.compile(r"^## \[?([\w.]+)\]?[^\n]*\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_IMAGE_PACKAGES = r"""
import importlib.metadata, json, subprocess
found = {f"pypi/{each.name}": each.version for each in importlib.metadata.distributions()}
debs = subprocess.run(["dpkg-query", "--show", "--showformat", "${Package} ${Version}\n"],
                      capture_output=True, text=True, check=True).stdout
found.update((f"deb/debian/{name}", version) for name, version in map(str.split, debs.splitlines()))
print(json.dumps(found))
"""

Run = Callable[..., str]


class NotReleasable(Exception):
    """The text says what is in the way, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Release:
    """
    What is released, and from which commit.
    """

    version: str
    commit: str
    made_at: datetime
    """The moment of the commit, so that two builds of it are the same."""

    @property
    def stem(self) -> str:
        """What the names of all files begin with."""
        return f"confcal-{self.version}"


def run(*command: str, **environment: str) -> str:
    """Return what a command printed. Raises NotReleasable with the last line of its errors."""
    done = subprocess.run(  # noqa: S603 -- commands of this file
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise NotReleasable(f"{' '.join(command[:4])}: {last}")
    return done.stdout


def read_release(root: Path, *, draft: bool, run: Run = run) -> Release:
    """Return what this working copy releases. Raises NotReleasable where it differs from its commit."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if not draft and run("git", "-C", str(root), "status", "--porcelain").strip():
        raise NotReleasable("the working copy has changes: commit them, or try it with --draft")
    commit, moment = run("git", "-C", str(root), "show", "--no-patch", "--format=%H %ct", "HEAD").split()
    return Release(version, commit[:12], datetime.fromtimestamp(int(moment), UTC))


def read_notes(changelog: str, version: str) -> str:
    """
    Return the notes of a version: its section of the changelog, or that of what is unreleased.

    Raises NotReleasable where neither says anything.
    """
    sections = dict(
        re.findall(r"^## \[?([\w.]+)\]?[^\n]*\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    )
    text = sections.get(version, "").strip() or sections.get("Unreleased", "").strip()
    if not text:
        raise NotReleasable(f"CHANGELOG.md says nothing of {version}: write its section")
    return f"# confcal {version}\n\n{text}\n"


def make_bom(release: Release, components: Mapping[str, str], main: Component) -> Bom:
    """Return the list of components: `pypi/NAME` or `deb/debian/NAME` to the version."""
    bom = Bom(serial_number=uuid5(NAMESPACE_URL, f"confcal:{main.name}:{release.version}:{release.commit}"))
    bom.metadata.timestamp = release.made_at
    bom.metadata.component = main
    parts = [_component(key, version) for key, version in sorted(components.items())]
    bom.components.update(parts)
    bom.register_dependency(main, parts)
    return bom


def _component(key: str, version: str) -> Component:
    kind, *space, name = key.split("/")
    purl = PackageURL(kind, "/".join(space) or None, name, version)
    return Component(
        name=name, version=version, type=ComponentType.LIBRARY, purl=purl, bom_ref=purl.to_string()
    )


def write_wheel_bom(release: Release, wheel: Path, lock: str, file: Path) -> None:
    """Write the list of what the wheel is installed with. Raises NotReleasable where the lock is at fault."""
    pinned, faults = read_lock(lock)
    if faults:
        raise NotReleasable(f"requirements.lock: {faults[0]}")
    main = Component(
        name="confcal",
        version=release.version,
        type=ComponentType.APPLICATION,
        purl=PackageURL("pypi", None, "confcal", release.version),
        bom_ref="confcal",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest(wheel))],
    )
    bom = make_bom(release, {f"pypi/{name}": version for name, version in pinned.items()}, main)
    file.write_text(JsonV1Dot6(bom).output_as_string(indent=1) + "\n", "utf-8")


def find_engine(run: Run = run, engines: Sequence[str] = ENGINES) -> str | None:
    """Return the container engine that answers, None where none does."""
    for engine in engines:
        if which(engine):
            try:
                run("timeout", str(_ANSWER_SECONDS), engine, "info")
            except NotReleasable:
                continue
            return engine
    return None


def pin_base(dockerfile: str, engine: str, run: Run = run) -> tuple[str, str]:
    """
    Return the name of the base image and its address by digest, as the registry gives it now.

    Raises NotReleasable where the Dockerfile names none, or the registry gives no digest.
    """
    named = re.findall(r"^ARG BASE=(\S+)$", dockerfile, re.MULTILINE)
    if len(named) != 1:
        raise NotReleasable("the Dockerfile names no base image: write ARG BASE=IMAGE:TAG")
    run(engine, "pull", named[0])
    digests: list[str] = (
        json.loads(run(engine, "image", "inspect", "--format", "{{json .RepoDigests}}", named[0]) or "null")
        or []
    )
    if not digests:
        raise NotReleasable(f"the registry gives no digest of {named[0]}: pull it from one that does")
    return named[0], min(digests)


def build_image(release: Release, engine: str, out: Path, run: Run = run, *, root: Path = ROOT) -> None:
    """Build the image on the digest of its base, and write it and the list of what is in it."""
    tag = f"confcal:{release.version}"
    name, base = pin_base((root / "Dockerfile").read_text("utf-8"), engine, run)
    labels = {"name": name, "digest": base.partition("@")[2]}
    run(
        *(engine, "build", "--build-arg", f"BASE={base}", "--build-arg", f"SOURCE_COMMIT={release.commit}"),
        *(part for key, value in labels.items() for part in ("--label", f"{_BASE_LABEL}.{key}={value}")),
        *("--tag", tag, str(root)),
    )
    run(engine, "save", "--output", str(out / f"{release.stem}-image.tar"), tag)
    inside = json.loads(run(engine, "run", "--rm", "--entrypoint", "python", tag, "-c", _IMAGE_PACKAGES))
    main = Component(
        name="confcal-image", version=release.version, type=ComponentType.CONTAINER, bom_ref="confcal-image"
    )
    text = JsonV1Dot6(make_bom(release, inside, main)).output_as_string(indent=1)
    (out / f"{release.stem}-image.cdx.json").write_text(text + "\n", "utf-8")


def digest(file: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def write_checksums(files: Iterable[Path], file: Path) -> None:
    """Write what `sha256sum --check` reads."""
    lines = (f"{digest(each)}  {each.name}\n" for each in sorted(files))
    file.write_text("".join(lines), "utf-8")


def make_release(
    release: Release, out: Path, *, say: Callable[[str], object], engine: str | None, root: Path = ROOT
) -> None:
    """Write all files of a release into a folder, in place of an earlier one's. Raises NotReleasable."""
    out.mkdir(parents=True, exist_ok=True)
    for old in (*out.glob("confcal-*"), *out.glob(CHECKSUMS)):
        old.unlink()
    moment = str(int(release.made_at.timestamp()))
    run(
        *(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(root)),
        SOURCE_DATE_EPOCH=moment,
    )
    (wheel,) = out.glob("*.whl")
    write_wheel_bom(
        release, wheel, (root / "requirements.lock").read_text("utf-8"), out / f"{release.stem}.cdx.json"
    )
    notes = read_notes((root / "CHANGELOG.md").read_text("utf-8"), release.version)
    (out / f"{release.stem}-notes.md").write_text(notes, "utf-8")
    if engine:
        build_image(release, engine, out)
    else:
        say(f"THE IMAGE IS LEFT OUT: neither {' nor '.join(ENGINES)} answers; start one and run this again")
    files = list(out.glob("confcal-*"))
    write_checksums(files, out / CHECKSUMS)
    for each in sorted(files):
        say(f"{each.stat().st_size:>10}  {each.name}")
    say(f"confcal {release.version} (commit {release.commit}) lies in {out}")


def main(arguments: Sequence[str]) -> int:
    """Make a release; 0 done, 1 not."""
    parser = ArgumentParser(prog="release.py", description="Build what a release consists of.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="the folder; dist where left out")
    parser.add_argument("--draft", action="store_true", help="take a working copy with changes, too")
    given = parser.parse_args(arguments)
    try:
        release = read_release(ROOT, draft=given.draft)
        make_release(release, given.out, say=print, engine=find_engine())
    except NotReleasable as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
