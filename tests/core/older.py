"""
Zone data in which the newest laws do not exist yet, and readers that go by it.

It is made of the bundled data: the file of each zone without what the law brought, and with the rule before.
"""

import atexit
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from tests.core.given import at

READERS = Path(__file__).parent.parent / "readers"
_HEADER = struct.Struct(">4s1s15x6l")
_VTIMEZONE = re.compile(r"BEGIN:VTIMEZONE\r\nTZID:([^\r]+)\r\n.*?END:VTIMEZONE\r\n", re.DOTALL)


@dataclass(frozen=True)
class Before:
    """What counted before a law."""

    since: datetime
    """From this moment on the law counts, and nothing of it is in older data."""

    rule: str
    """As POSIX writes it, at the end of a TZif file (RFC 9636, 3.3)."""


LAWS = {
    "Africa/Casablanca": Before(at("2026-09-19 00:00"), "<+01>-1"),
    "Africa/El_Aaiun": Before(at("2026-09-19 00:00"), "<+01>-1"),
    "America/Vancouver": Before(at("2026-03-09 00:00"), "PST8PDT,M3.2.0,M11.1.0"),
    "America/Edmonton": Before(at("2026-03-09 00:00"), "MST7MDT,M3.2.0,M11.1.0"),
    "America/Inuvik": Before(at("2026-03-09 00:00"), "MST7MDT,M3.2.0,M11.1.0"),
    "America/Winnipeg": Before(at("2026-03-09 00:00"), "CST6CDT,M3.2.0,M11.1.0"),
    "America/Asuncion": Before(at("2024-10-07 00:00"), "<-04>4<-03>,M10.1.0/0,M3.4.0/0"),
    "America/Coyhaique": Before(at("2024-09-09 00:00"), "<-04>4<-03>,M9.1.6/24,M4.1.6/24"),
    "Asia/Almaty": Before(at("2024-02-29 00:00"), "<+06>-6"),
    "Asia/Qostanay": Before(at("2024-02-29 00:00"), "<+06>-6"),
}
"""The newest laws of tzdata 2026.6: Morocco, British Columbia, Alberta, Manitoba, Paraguay, two before."""


@cache
def moved_by_laws() -> Sequence[str]:
    """Return the names of all zones that the newest laws moved, old-style names too."""
    return tuple(sorted(_older_files()))


@cache
def _older_files() -> Mapping[str, bytes]:
    older = {_file(name).read_bytes(): name for name in LAWS}
    with as_file(files("tzdata")) as package:
        names = (package / "zones").read_text("utf-8").split()
    found = {}
    for name in names:
        data = _file(name).read_bytes()
        if data in older:
            found[name] = rewritten(data, LAWS[older[data]])
    return found


def _file(name: str) -> Any:
    return files("tzdata.zoneinfo").joinpath(*name.split("/"))


def rewritten(data: bytes, before: Before) -> bytes:
    """Return a TZif file without what is new since a law, and with the rule before as its last word."""
    start = _block_length(data, 0, size_of_time=4)
    magic, version, isut, isstd, leap, times, types, chars = _HEADER.unpack_from(data, start)
    body = start + _HEADER.size
    moments = struct.unpack_from(f">{times}q", data, body)
    kept = sum(moment < before.since.timestamp() for moment in moments)
    indices = body + 8 * times
    rest, end = indices + times, start + _block_length(data, start, size_of_time=8)
    header = _HEADER.pack(magic, version, isut, isstd, leap, kept, types, chars)
    new = header + data[body : body + 8 * kept] + data[indices : indices + kept] + data[rest:end]
    return data[:start] + new + f"\n{before.rule}\n".encode()


def _block_length(data: bytes, start: int, *, size_of_time: int) -> int:
    _, _, isut, isstd, leap, times, types, chars = _HEADER.unpack_from(data, start)
    length = times * (size_of_time + 1) + types * 6 + chars + leap * (size_of_time + 4) + isstd + isut
    return _HEADER.size + int(length)


@cache
def older_package() -> Path:
    """Return a folder for PYTHONPATH: the package `tzdata` as it was before the newest laws."""
    folder = Path(mkdtemp(prefix="older-tzdata-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with as_file(files("tzdata")) as package:
        shutil.copytree(package, folder / "tzdata")
    for name, data in _older_files().items():
        (folder / "tzdata" / "zoneinfo" / name).write_bytes(data)
    return folder


def ask_older(question: object) -> Any:
    """Return what Python's readers answer whose zone data is older, see `tests/readers/by_name.py`."""
    return json.loads(_older_python(READERS / "by_name.py", stdin=json.dumps(question)))


def with_older_vtimezones(ics: str) -> str:
    """Return a calendar as programs take it that have a VTIMEZONE of their own for each name they know."""
    return _VTIMEZONE.sub(lambda found: _older_vtimezones().get(found[1], found[0]), ics)


@cache
def _older_vtimezones() -> Mapping[str, str]:
    code = (
        "import json, sys; from service.core.vtimezone import compact_zone, render_vtimezone;"
        "known = [name for name in sys.argv[1:] if compact_zone(name)];"
        "print(json.dumps({name: render_vtimezone(name).decode() for name in known}))"
    )
    found: dict[str, str] = json.loads(_older_python("-c", code, *moved_by_laws()))
    return found


def _older_python(*arguments: object, stdin: str = "") -> str:
    root = READERS.parent.parent
    path = os.pathsep.join((str(older_package()), str(root)))
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONTZPATH": ""},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
