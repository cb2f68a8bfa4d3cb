"""
Which confcal this is: the version of pyproject.toml, and the commit that it was built from.

The build loads this file by its path, so it imports nothing but the standard library.
"""

import os
import subprocess
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from shutil import which
from typing import Final

UNKNOWN: Final = "unknown"
BUILD_INFO: Final = "service/build_info.py"
"""What the build writes into the wheel and the sdist; a clone has none, and asks git."""

_ROOT = Path(__file__).parent.parent
_LIMIT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Build:
    """
    What an installation was built from.
    """

    version: str
    commit: str
    """The first digits of the commit, with `+changes` where files differed from it, or `unknown`."""

    def __str__(self) -> str:
        return f"{self.version} (commit {self.commit})"


def read_build(module: str = "service.build_info", root: Path = _ROOT) -> Build:
    """Return what this installation was built from; the commit is `unknown` where it is not recorded."""
    try:
        commit = str(import_module(module).COMMIT)
    except ImportError:
        commit = find_commit(root) or UNKNOWN
    return Build(version("confcal"), commit)


def find_commit(root: Path) -> str | None:
    """Return the commit of a clone, None where the folder is not one or git does not answer."""
    git = which("git")
    if git is None or not (root / ".git").exists():
        return None
    command = [git, "-C", str(root), "describe", "--always", "--exclude=*", "--abbrev=12", "--dirty=+changes"]
    # The index is left as it is: another git may be at work.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(  # noqa: S603 -- no part of it comes from outside
            command, capture_output=True, text=True, check=True, timeout=_LIMIT_SECONDS, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
