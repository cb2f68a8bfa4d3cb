"""
Whether a volume gives SQLite the locks that it needs.
"""

import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

Connect = Callable[[Path], sqlite3.Connection]

_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")

_LOCKLESS = (
    "SQLITE_PROTOCOL",
    "SQLITE_NOLFS",
    "SQLITE_IOERR_BLOCKED",
    "SQLITE_IOERR_CHECKRESERVEDLOCK",
    "SQLITE_IOERR_LOCK",
    "SQLITE_IOERR_RDLOCK",
    "SQLITE_IOERR_SHMLOCK",
    "SQLITE_IOERR_SHMMAP",
    "SQLITE_IOERR_UNLOCK",
)
"""What SQLite reports where a volume has no locks, or shares no memory between processes."""


def _connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=0, isolation_level=None)


def lacks_locks(code: str, file: Path, *, connect: Connect = _connect) -> bool:
    """
    Return whether an error of SQLite about `file` means that its volume gives no locks.

    Some volumes report every file as locked (SQLite, os_unix.c, reports ENOLCK so too). Then a new file that
    no other program knows is locked as well.
    """
    if code.startswith(_LOCKLESS):
        return True
    return code.startswith(_LOCKED) and not _gives_locks(file.parent, connect)


def _gives_locks(folder: Path, connect: Connect) -> bool:
    """Return whether a new database in this folder can be locked; True where none can be created."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix=".confcal-", dir=folder) as private,
            closing(connect(Path(private) / "locks.db")) as connection,
        ):
            # Nothing in it is meant to last.
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE locks (id INTEGER)")
            connection.execute("COMMIT")
    except sqlite3.Error as error:
        code = error.sqlite_errorname
        return not code.startswith((*_LOCKED, *_LOCKLESS))
    except OSError:
        return True
    return True
