"""
A stand-in for systemd: units in the folder of the machine, and the daemon that one of them starts.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.docs.refusal import Refused

_KNOWN_SECTIONS = {"Unit", "Service", "Timer", "Install"}
_STARTS_WITHIN_SECONDS = 200.0
_ENDS_WITHIN_SECONDS = 60.0
_BETWEEN_LOOKS_SECONDS = 0.05
_OTHER_UNITS = {"caddy.service": "etc/caddy/Caddyfile"}
"""Units of packages, each with the file that it reads."""

Lines = list[tuple[str, str, str]]
"""Section, name and value of each setting of a unit."""


def systemctl(arguments: list[str]) -> list[str]:
    """Do what the verb says with units that are there."""
    match arguments:
        case ["daemon-reload"]:
            for unit in _folder().iterdir():
                settings_of(unit)
            (_machine() / "reloaded").touch()
        case ["start" | "enable" as verb, *rest]:
            _begin(_units(verb, rest), installed=verb == "enable")
        case ["stop" | "disable" as verb, *rest]:
            _end(_units(verb, rest))
        case ["restart", "confcal"]:
            systemctl(["stop", "confcal"])
            systemctl(["start", "confcal"])
        case ["reload", "caddy"]:
            require_unit("caddy")
        case _:
            raise Refused("no page needs this")
    return []


def _units(verb: str, rest: list[str]) -> list[str]:
    units = [each for each in rest if each != "--now"]
    if not units or ("--now" in rest) != (verb in {"enable", "disable"}):
        raise Refused("it takes units, and the pages enable and disable them --now")
    return [_named(each) for each in units]


def _begin(units: list[str], *, installed: bool) -> None:
    for unit in units:
        require_unit(unit, installed=installed)
        if unit == "confcal.service":
            start(*_exec_start())


def _end(units: list[str]) -> None:
    for unit in units:
        require_unit(unit)
        if unit == "confcal.service":
            stop()


def _named(unit: str) -> str:
    return unit if "." in unit else f"{unit}.service"


def require_unit(unit: str, *, installed: bool = False) -> None:
    """Refuse a unit that is not there, that systemd has not read, or that nothing wants."""
    if unit is None:
        raise Refused("no unit is named")
    name = _named(unit)
    if name in _OTHER_UNITS:
        if not (_machine() / _OTHER_UNITS[name]).exists():
            raise Refused(f"{name}: {_OTHER_UNITS[name]} is missing")
        return
    file, reloaded = _folder() / name, _machine() / "reloaded"
    if not file.exists():
        raise Refused(f"unit {name} not found")
    if not reloaded.exists() or reloaded.stat().st_mtime_ns < file.stat().st_mtime_ns:
        raise Refused(f"{name} changed on disk: daemon-reload first")
    sections = {section for section, _, _ in settings_of(file)}
    if installed and "Install" not in sections:
        raise Refused(f"{name} has no [Install]")


def settings_of(unit: Path) -> Lines:
    """Return the settings of a unit. Refuses what is none, a program or a service that is not there."""
    lines = list(_parsed(unit.read_text()))
    sections = {section for section, _, _ in lines}
    if not sections <= _KNOWN_SECTIONS:
        raise Refused(f"{unit.name} has unknown sections: {sections - _KNOWN_SECTIONS}")
    if unit.suffix == ".timer":
        if not unit.with_suffix(".service").exists() or "Timer" not in sections:
            raise Refused(f"{unit.name} has no service or no [Timer]")
        return lines
    programs = [value.split()[0] for _, name, value in lines if name == "ExecStart"]
    if not programs or not all(os.access(_here(each), os.X_OK) for each in programs):
        raise Refused(f"{unit.name}: cannot start {programs}")
    return lines


def _parsed(text: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found[1]
            continue
        name, equals, value = line.partition("=")
        if not section or not equals:
            raise Refused(f"a unit has the line {line!r}")
        yield section, name, value


def _exec_start() -> tuple[list[str], dict[str, str]]:
    """Return the command of the daemon's unit without its program, and the unit's variables."""
    lines = settings_of(_folder() / "confcal.service")
    (command,) = (value for _, name, value in lines if name == "ExecStart")
    environment = dict(
        each.split("=", 1) for _, name, value in lines if name == "Environment" for each in shlex.split(value)
    )
    return [_here(each) for each in command.split()[1:]], {k: _here(v) for k, v in environment.items()}


def _here(path: str) -> str:
    return f"{_machine()}{path}" if path.startswith("/") and not path.startswith(str(_machine())) else path


def start(arguments: list[str], environment: dict[str, str]) -> None:
    """Start the daemon, and wait for its first list."""
    if _pid_file().exists():
        return
    with (_machine() / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "service", *arguments],
            stdout=log,
            stderr=log,
            env={**os.environ, "CONFCAL_LOG_FORMAT": "json", **environment},
            start_new_session=True,
        )
    _pid_file().write_text(str(daemon.pid))
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while not _is_ready():
        if daemon.poll() is not None or time.monotonic() > until:
            raise Refused(f"the daemon did not start: {(_machine() / 'log').read_text()}")
        time.sleep(_BETWEEN_LOOKS_SECONDS)


def _is_ready() -> bool:
    if "sync.list_accepted" not in (_machine() / "log").read_text():
        return False
    try:
        address = f"http://127.0.0.1:{os.environ['CONFCAL_PORT']}/readyz"
        urllib.request.urlopen(address, timeout=5).close()
    except (OSError, urllib.error.URLError):
        return False
    return True


def stop() -> None:
    """Stop the daemon, and wait for its end."""
    if not _pid_file().exists():
        return
    pid = int(_pid_file().read_text())
    _pid_file().unlink()
    until = time.monotonic() + _ENDS_WITHIN_SECONDS
    try:
        os.kill(pid, signal.SIGTERM)
        while time.monotonic() < until and not _is_over(pid):
            time.sleep(_BETWEEN_LOOKS_SECONDS)
    except ProcessLookupError:
        return
    if not _is_over(pid):
        raise Refused(f"the daemon did not stop: {(_machine() / 'log').read_text()}")


def _is_over(pid: int) -> bool:
    """Return whether a process is gone, or waits for nothing but its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _machine() -> Path:
    return Path(os.environ["MACHINE"])


def _folder() -> Path:
    return _machine() / "etc/systemd/system"


def _pid_file() -> Path:
    return _machine() / "pid"


def by_hand() -> None:
    """Run the daemon as if it was typed. The one before it was ended by Ctrl-C."""
    arguments = sys.argv[1:]
    if (_machine() / "by-hand").exists():
        stop()
    (_machine() / "by-hand").touch()
    start(arguments, {})


if __name__ == "__main__":
    by_hand()
