"""
The owner of a file and who may read it, in words for a sentence.
"""

import grp
import os
import pwd
import stat
from pathlib import Path


def user_name(uid: int) -> str:
    """Return a user's name, or the number where the machine knows none: `confcal (10001)`, `10001`."""
    try:
        return f"{pwd.getpwuid(uid).pw_name} ({uid})"
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """Return a group's name, or its number."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def describe_process() -> str:
    """Return the user that this process runs as."""
    return user_name(os.geteuid())


def describe_owner(path: Path) -> str:
    """
    Say who owns a path, its mode, and who runs this process.

    For a hidden path, the nearest visible folder counts.
    """
    for each in (path, *path.parents):
        try:
            found = each.stat()
        except OSError:
            continue
        mode = stat.S_IMODE(found.st_mode)
        owner = f"{user_name(found.st_uid)}, group {group_name(found.st_gid)}"
        return f"{each} belongs to {owner}, mode {mode:04o}; confcal runs as {describe_process()}"
    return f"confcal runs as {describe_process()}"


def readable_by_others(path: Path) -> bool:
    """Return whether a user who is neither the owner nor in the group can reach and read a file."""
    try:
        real = path.resolve(strict=True)
        if not real.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
            return False
        return all(folder.stat().st_mode & stat.S_IXOTH for folder in real.parents)
    except OSError:
        return False
