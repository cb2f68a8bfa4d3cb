"""
Translation of the errors of database libraries into one sentence for the operator.

The sentences name the database and what to do. The library's own text is only in the chained error, because
it may quote a row. Errors of connecting are the exception: no row is read yet, so their reason is shown.
"""

import os
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import msgspec
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from service.core.errors import ConnectionEnded, StoreUnavailable
from service.store.ownership import describe_owner
from service.store.volume import lacks_locks

_SQLITE: Mapping[str, str] = {
    "SQLITE_BUSY": "is locked by another program: end that program, or wait until it has finished",
    "SQLITE_CANTOPEN": "cannot be opened: let confcal's user read and write the file and its folder",
    "SQLITE_CORRUPT": "is damaged: restore it from a backup",
    "SQLITE_FULL": "is on a full disk: free some space",
    "SQLITE_IOERR": "cannot be read or written: check the disk it is on",
    "SQLITE_LOCKED": "is locked by another program: end that program, or wait until it has finished",
    "SQLITE_NOTADB": "is not an SQLite file: name another file in CONFCAL_DATABASE_URL",
    "SQLITE_PERM": "may not be opened: let confcal's user write the file and its directory",
    "SQLITE_READONLY": "is read-only: let confcal's user write the file and its directory",
}
"""By the beginning of SQLite's result code; extended codes append to it."""

_OWNER_EXPLAINS = ("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_READONLY")
"""Errors that the owner of the file or of its folder may explain."""

_NO_LOCKS = (
    "cannot be used: this volume does not give the locks that SQLite needs; "
    "put CONFCAL_DATA_DIR on a local disk, or name a PostgreSQL database in CONFCAL_DATABASE_URL"
)

_POSTGRESQL: Mapping[str, str] = {
    "08": "has closed the connection: see whether the server runs",
    "08P01": "was not let through by a pooler, or broke the protocol: correct CONFCAL_DATABASE_URL",
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
"""By the beginning of SQLSTATE (PostgreSQL, appendix A); the longest match counts."""

_CONNECTING = ("08", "28", "3D000", "53300", "57P03")
"""Errors before the first statement: the server's own words quote no row, and say what to correct."""


_ENDED = ("08003", "25P03", "57P01")
"""SQLSTATEs of a connection that no longer exists, or was ended as idle or by somebody with the right to."""

_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

_CLOSED = ("connection is closed", "cannot switch to state")
"""The driver's words for a connection that the server ended in the middle of an operation."""


@contextmanager
def translate_errors(url: URL) -> Iterator[None]:
    """Raise StoreUnavailable in place of whatever the database's libraries raise inside."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, *_DRIVER) as error:
        kind = ConnectionEnded if _is_ended(_innermost(error)) else StoreUnavailable
        raise kind(f"{name(url)} {_reason(error, url)}") from error
    except msgspec.DecodeError as error:
        raise StoreUnavailable(f"{name(url)} holds an unreadable row: restore it from a backup") from error


def name(url: URL) -> str:
    """Return the database's name in a sentence, without its user and password."""
    if url.get_backend_name() == "sqlite":
        return f"The database {url.database}"
    host = url.host or url.query.get("host") or "localhost"
    return f"The database {url.database or 'of that user'} on {host}"


def _reason(error: Exception, url: URL) -> str:
    cause = _innermost(error)
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause, Path(url.database or ""))
    code = getattr(cause, "sqlstate", None)
    return _of_postgresql(cause, code) if code else _without_code(cause)


def _innermost(error: BaseException) -> BaseException:
    """Return what the driver itself raised: SQLAlchemy wraps it once, its adapter of asyncpg once more."""
    if isinstance(error, DBAPIError) and error.orig:
        return _innermost(error.orig)
    return error.__cause__ if isinstance(error.__cause__, _DRIVER) else error


def _of_sqlite(cause: sqlite3.Error, file: Path) -> str:
    code = getattr(cause, "sqlite_errorname", None)
    if code is None:
        return _without_code(cause)
    if lacks_locks(code, file):
        return _NO_LOCKS
    reason = _find_reason(_SQLITE, code)
    if not code.startswith(_OWNER_EXPLAINS):
        return reason
    if code.startswith("SQLITE_CANTOPEN") and _is_missing(file.parent):
        return f"cannot be opened: create its directory {file.parent} and let confcal's user write there"
    return f"{reason} ({describe_owner(file)})"


def _is_missing(folder: Path) -> bool:
    try:
        return not folder.exists()
    except OSError:
        return False


def _of_postgresql(cause: BaseException, code: str) -> str:
    words = _first_line(cause)
    if code.startswith("28") and "no encryption" in words:
        return f"takes connections with TLS only ({words}): add sslmode=require to CONFCAL_DATABASE_URL"
    reason = _find_reason(_POSTGRESQL, code)
    if not code.startswith(_CONNECTING) or not words:
        return reason
    head, colon, remedy = reason.partition(":")
    return f"{head} ({words}){colon}{remedy}"


def _find_reason(reasons: Mapping[str, str], code: str) -> str:
    fitting = [prefix for prefix in reasons if code.startswith(prefix)]
    if fitting:
        return reasons[max(fitting, key=len)]
    return f"refused a statement with {code}: see its log, and report this with the version of confcal"


def _without_code(cause: BaseException) -> str:  # noqa: PLR0911 -- one sentence for each kind
    match cause:
        case TimeoutError():
            return "did not answer in time: see whether the server runs and can be reached from here"
        case ssl.SSLCertVerificationError():
            return (
                f"shows a certificate that is not trusted here ({cause.verify_message}): name its authority "
                "with sslrootcert=FILE in CONFCAL_DATABASE_URL, or correct the host there"
            )
        case ssl.SSLError():
            return f"cannot be reached with TLS ({cause.reason}): correct sslmode in CONFCAL_DATABASE_URL"
        case ConnectionError() if "rejected SSL" in str(cause):
            return (
                f"does not speak TLS ({_first_line(cause)}): switch it on at the server, or correct "
                "sslmode in CONFCAL_DATABASE_URL"
            )
        case asyncpg.InterfaceError() | asyncpg.InternalClientError() if _is_closed(cause):
            return _POSTGRESQL["08"]
        case OSError():
            return (
                f"cannot be reached{_errno_reason(cause)}: see whether the server runs, "
                "or correct CONFCAL_DATABASE_URL"
            )
        case asyncpg.exceptions.ClientConfigurationError():
            return _explain_configuration(_first_line(cause))
        case asyncpg.InternalClientError():
            return f"is not PostgreSQL's ({_first_line(cause)}): correct CONFCAL_DATABASE_URL"
        case _:
            kind = type(cause).__name__
            return f"failed with {kind}: see its log, and report this with the version of confcal"


def _is_ended(cause: BaseException) -> bool:
    """Return whether the server ended a connection that it had accepted."""
    code = getattr(cause, "sqlstate", None)
    return code in _ENDED if code else _is_closed(cause)


def _is_closed(cause: BaseException) -> bool:
    return isinstance(cause, _DRIVER) and any(words in str(cause) for words in _CLOSED)


def _explain_configuration(words: str) -> str:
    if "root certificate" in words or "sslrootcert" in words:
        return (
            f"cannot be checked ({words}): add sslrootcert=FILE to CONFCAL_DATABASE_URL, "
            "or sslrootcert=system for the machine's authorities"
        )
    return f"cannot be connected to ({words}): correct CONFCAL_DATABASE_URL"


def _errno_reason(error: OSError) -> str:
    if error.errno is None:
        return ""
    # Errors of name resolution have numbers below zero; asyncio puts addresses into the text of the others.
    words = error.strerror if error.errno < 0 else os.strerror(error.errno)
    return f" ({words})" if words else ""


def _first_line(error: BaseException) -> str:
    """Return the driver's or the server's words without the hints below them."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else ""
