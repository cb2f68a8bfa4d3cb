"""
A file that several processes may try to write: the first one writes it, whole or not at all.
"""

import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_WAIT_SECONDS = 5.0
"""How long the process with the claim may take for a rename; one that takes longer has died."""

_PAUSE_SECONDS = 0.01

Link = Callable[[Path, Path], None]


def write_once(path: Path, text: str, *, link: Link = os.link) -> None:
    """
    Write a file that only its owner can read; where another process was quicker, its file stays.

    Raises OSError.
    """
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600, exist_ok=False)
    try:
        partial.write_text(text, encoding="ascii")
        try:
            # A link appears whole or not at all, and never replaces a file.
            link(partial, path)
        except FileExistsError:
            pass
        except OSError:
            # Many volumes have no hard links: FAT, most FUSE and network file systems.
            _rename_once(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _rename_once(partial: Path, path: Path) -> None:
    """Rename `partial` to `path` unless that exists. The process that creates the claim file may rename."""
    claim = path.with_name(f"{path.name}.claim")
    until = time.monotonic() + _WAIT_SECONDS
    while not path.exists():
        try:
            claim.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            if time.monotonic() > until:
                claim.unlink(missing_ok=True)
                until = time.monotonic() + _WAIT_SECONDS
            time.sleep(_PAUSE_SECONDS)
            continue
        try:
            # The process that had the claim before may have finished meanwhile.
            if not path.exists():
                partial.rename(path)
        finally:
            with suppress(OSError):
                claim.unlink()
