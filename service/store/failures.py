"""
What the libraries of a database raise, translated into one sentence for the operator.

The sentences name the database and what to do. The library's own text is only in the chained error:
it may quote a row.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg
import msgspec
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.core.errors import StoreUnavailable

_SQLITE: Mapping[str, str] = {
    "SQLITE_BUSY": "is locked by another program: end that program, or wait until it has finished",
    "SQLITE_CANTOPEN": "cannot be opened: create its directory and let confcal's user write there",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup",
    "SQLITE_FULL": "is on a full disk: free some space",
    "SQLITE_IOERR": "cannot be read or written: check the disk it is on",
    "SQLITE_LOCKED": "is locked by another program: end that program, or wait until it has finished",
    "SQLITE_NOTADB": "is not an SQLite file: name another file in CONFCAL_DATABASE_URL",
    "SQLITE_PERM": "may not be opened: let confcal's user write the file and its directory",
    "SQLITE_READONLY": "is read-only: let confcal's user write the file and its directory",
}
"""By the beginning of SQLite's result code; extended codes only add to it."""

_POSTGRESQL: Mapping[str, str] = {
    "08": "has closed the connection: see whether the server runs",
    "25006": "is read-only: name the primary server in CONFCAL_DATABASE_URL",
    "28": "refuses the user or the password: correct CONFCAL_DATABASE_URL",
    "3D000": "does not exist: create it, or correct CONFCAL_DATABASE_URL",
    "40": "is busy with another transaction: try again",
    "42501": "does not let the user of CONFCAL_DATABASE_URL do this: grant it the rights of an owner",
    "42P01": "has lost a table: restore it from a backup",
    "53100": "is on a full disk: free some space",
    "53300": "has too many connections: raise max_connections, or close some",
    "53": "has too little memory or space: see the server's log",
    "55": "is locked by another program: end that program, or wait until it has finished",
    "57": "is starting or stopping, or took too long: see whether the server runs",
    "58": "cannot be read or written: check the server's disk",
    "XX": "is damaged: see the server's log",
}
"""By the beginning of SQLSTATE (PostgreSQL, appendix A); a longer one stands before its class."""


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise StoreUnavailable in place of whatever the database's libraries raise inside."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StoreUnavailable(f"{name(url)} {_reason(error)}") from error
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"{name(url)} holds an unreadable row: restore it from a backup") from error


def name(url: URL) -> str:
    """Return the database's name in a sentence, without its user and password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    host = url.host or url.query.get("host") or "localhost"
    return f"The database {url.database or 'of that user'} on {host}"


def _reason(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    known = _SQLITE if isinstance(cause, sqlite3.Error) else _POSTGRESQL
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    if code is None:
        return _without_code(cause)
    return next(
        (reason for prefix, reason in known.items() if code.startswith(prefix)),
        f"refused a statement with {code}: see its log, and report this with the version of confcal",
    )


def _without_code(cause: BaseException | None) -> str:
    if isinstance(cause, TimeoutError):
        return "did not answer in time: see whether the server runs and can be reached from here"
    if isinstance(cause, OSError):
        return "cannot be reached: see whether the server runs, or correct CONFCAL_DATABASE_URL"
    return f"failed with {type(cause).__name__}: see its log, and report this with the version of confcal"
