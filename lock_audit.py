"""
Audits the locks that the image is built from: what is pinned there, and what is known against it.

    python lock_audit.py

Ends with 1 where a lock is at fault or a vulnerability is known. Where the advisory data cannot be reached it
says so, and answers for the locks alone.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("requirements.lock", "requirements-build.lock")

_PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^\s;\\]+)(\s*;[^\\]*?)?")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

_LIMIT_SECONDS = 90
_ANSWER_SECONDS = "5"
_LONGEST_REASON = 120


class Unreached(Exception):
    """The advisory data cannot be reached; the text says what was seen."""


@dataclass(frozen=True, slots=True)
class Report:
    """
    What the advisory data says of the pinned versions.
    """

    known: tuple[str, ...]
    """The names that it could be asked about."""

    unknown: tuple[str, ...]
    vulnerable: tuple[str, ...]
    """One line for each vulnerability."""


def read_lock(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the pinned versions by name, and what is wrong with the lock."""
    pinned: dict[str, str] = {}
    faults: list[str] = []
    for entry in _entries(text):
        requirement, *hashes = re.split(r"\s+(?=--)", entry)
        found = _PINNED.fullmatch(requirement.strip())
        if found is None:
            faults.append(f"{requirement}: pin it as NAME==VERSION")
            continue
        name = canonicalize_name(found["name"])
        if not hashes or not all(_HASH.fullmatch(each) for each in hashes):
            faults.append(f"{name}: give it SHA-256 hashes and nothing else")
        if name in pinned:
            faults.append(f"{name}: it is there twice")
        pinned[name] = found["version"]
    return pinned, faults


def missing_from(pinned: Mapping[str, str], wanted: Sequence[str]) -> Iterator[str]:
    """Yield what is wanted and not pinned, or pinned outside of what is wanted."""
    for each in map(Requirement, wanted):
        version = pinned.get(canonicalize_name(each.name))
        if version is None:
            yield f"{each.name}: it is not in the lock; run `make lock`"
        elif not each.specifier.contains(version, prereleases=True):
            yield f"{each.name}: {version} is not {each.specifier}; run `make lock`"


def read_report(text: str) -> Report:
    """Return what pip-audit found. Raises Unreached where it found nothing out."""
    try:
        found = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        raise Unreached("pip-audit gave no report") from None
    # A registry that does not know a name is no witness for it: pip-audit itself then says "none found".
    known = tuple(each["name"] for each in found if "skip_reason" not in each)
    if not known:
        raise Unreached("nothing that answers knows any of the packages")
    return Report(
        known,
        tuple(each["name"] for each in found if "skip_reason" in each),
        tuple(_line(each, one) for each in found for one in each.get("vulns", ())),
    )


def _line(dependency: Mapping[str, str], vulnerability: Mapping[str, Any]) -> str:
    fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
    return f"{dependency['name']} {dependency['version']}: {vulnerability['id']}, fixed in {fixed}"


def ask(locks: Sequence[Path]) -> str:
    """Return the report of pip-audit on these locks. Raises Unreached."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", _ANSWER_SECONDS]
    for lock in locks:
        command += ["--requirement", str(lock)]
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter
            command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Unreached(f"no answer within {_LIMIT_SECONDS} s") from None
    if not done.stdout.strip():
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise Unreached(last[:_LONGEST_REASON])
    return done.stdout


def audit(folder: Path, *, say: Callable[[str], object], report: Callable[[Sequence[Path]], str]) -> int:
    """Audit the locks of a folder, `say` what was found, and return the exit status."""
    locks = [folder / name for name in LOCKS]
    read = {lock.name: read_lock(lock.read_text("utf-8")) for lock in locks}
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    wanted = {LOCKS[0]: project["project"]["dependencies"], LOCKS[1]: project["build-system"]["requires"]}
    faults = [
        f"{name}: {fault}"
        for name, (pinned, own) in read.items()
        for fault in [*own, *missing_from(pinned, wanted[name])]
    ]
    for fault in faults:
        say(fault)
    count = sum(len(pinned) for pinned, _ in read.values())
    try:
        known = read_report(report(locks))
    except Unreached as reason:
        say(
            f"audit: advisory data could not be reached ({reason}); only the locks were checked: "
            f"{count} requirements, each pinned with hashes, fit pyproject.toml"
            if not faults
            else f"audit: advisory data could not be reached ({reason})"
        )
        return 1 if faults else 0
    for line in known.vulnerable:
        say(f"VULNERABLE {line}")
    if known.unknown:
        say(f"audit: no advisory data on {', '.join(known.unknown)}")
    say(f"audit: {len(known.vulnerable)} known vulnerabilities in {len(known.known)} of {count} requirements")
    return 1 if faults or known.vulnerable else 0


def _entries(text: str) -> Iterator[str]:
    """Yield each requirement of a lock with its options, on one line, without comments."""
    for line in text.replace("\\\n", " ").splitlines():
        entry = " ".join(line.partition(" #")[0].split())
        if entry and not entry.startswith("#"):
            yield entry


if __name__ == "__main__":
    sys.exit(audit(Path(__file__).parent, say=print, report=ask))
