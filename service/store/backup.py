"""
An online copy of the embedded database.
"""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from service.core.errors import SettingsError, StoreUnavailable
from service.store.engine import file_of, make_private, require_file
from service.store.ownership import describe_owner

_MARK_AS_COPY = (
    "UPDATE meta SET value = '' WHERE name = 'rendering'",
    "UPDATE conferences SET fingerprint = x'' WHERE fingerprint <> x''",
)
"""
These make the daemon that starts on a copy render every VEVENT again and take each of them for changed.

So all revisions move to the time of that start. Clients may have seen later revisions than those in the copy,
and some of them ignore what is not newer.
"""


def backup(url: str, target: Path) -> int:
    """
    Copy the SQLite database at `url` to `target` in one consistent state, and return its size in bytes.

    It is written to a file next to the target first, so that `target` is never half a copy. Only its owner
    may read it. Raises SettingsError where the database is not an SQLite file or `target` is that file,
    NoDatabase where there is none, and StoreUnavailable.
    """
    source = file_of(url)
    if source is None:
        raise SettingsError("CONFCAL_DATABASE_URL names a PostgreSQL database: back it up with pg_dump")
    require_file(source)
    if target.exists() and target.samefile(source):
        raise SettingsError(f"{target} is the database itself: name another file")
    partial = target.with_name(target.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        make_private(partial)
        _copy(source, partial)
        partial.replace(target)
        return target.stat().st_size
    except (sqlite3.Error, OSError) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreUnavailable(_sentence(error, source, target)) from error


def _sentence(error: Exception, source: Path, target: Path) -> str:
    match getattr(error, "sqlite_errorname", ""), error:
        case _, OSError():
            return f"{target} could not be written ({error.strerror}); name a file in a writable folder"
        case "SQLITE_CANTOPEN", _ if not os.access(source, os.R_OK):
            return f"{source} cannot be opened: let confcal's user read it ({describe_owner(source)})"
        case (("SQLITE_NOTADB" | "SQLITE_CORRUPT"), _):
            return f"{source} is damaged and was not copied: restore it from an older backup"
        case "SQLITE_ERROR", _:
            return f"{source} is not a database of confcal: name another one in CONFCAL_DATABASE_URL"
        case _:
            return f"{target} could not be written: {error}; see whether its disk is full, or try again"


def _copy(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        # The copy is one file without a separate log, so it can be copied again as it is.
        writing.execute("PRAGMA journal_mode = DELETE")
        for statement in _MARK_AS_COPY:
            writing.execute(statement)
        writing.commit()
