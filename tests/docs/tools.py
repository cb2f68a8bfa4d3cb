"""
Stand-ins for what changes a machine: each takes only what the real tool would take there.

Run as `python -S -m tests.docs.tools NAME ARGUMENT...`, where the folder in $MACHINE stands for the machine.
"""

import argparse
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tests.docs import containers, services
from tests.docs.refusal import Arguments, Refused, files, options

Argv = list[str]
"""What is executed in place of the stand-in; nothing where it has done its work."""


def sudo(arguments: Argv) -> Argv:
    """Take the user's name; the command runs as whoever runs this."""
    given = options("sudo", "--user=", command=...).parse_args(arguments)
    require_owner(given.user)
    return list(given.command)


def install(arguments: Argv) -> Argv:
    """Take the owners, which this machine does not have."""
    owners = [each for each in arguments if each.startswith(("--owner=", "--group="))]
    for each in owners:
        require_owner(each.partition("=")[2])
    return ["/usr/bin/install", *(each for each in arguments if each not in owners)]


def chown(arguments: Argv) -> Argv:
    """Refuse unknown users, and files that are not there."""
    given = options("chown", owner=1, files="+").parse_args(arguments)
    user, colon, group = given.owner.partition(":")
    require_owner(user)
    if colon and group:
        require_owner(group)
    files(given.files)
    return []


def useradd(arguments: Argv) -> Argv:
    """Remember a user."""
    given = options("useradd", "--system", "--no-create-home", "--shell=", name=1).parse_args(arguments)
    users = known_users()
    if given.name in users:
        raise Refused(f"user {given.name} already exists")
    if not Path(given.shell).is_absolute():
        raise Refused(f"{given.shell} is no shell")
    _users_file().write_text("\n".join([*users, given.name]))
    return []


def userdel(arguments: Argv) -> Argv:
    """Forget a user."""
    given = options("userdel", name=1).parse_args(arguments)
    require_owner(given.name)
    _users_file().write_text("\n".join(known_users() - {given.name}))
    return []


def make(arguments: Argv) -> Argv:
    """Refuse what the Makefile does not make."""
    given = options("make", targets="+").parse_args(arguments)
    known = re.findall(r"^([a-z-]+):", Path("Makefile").read_text(), re.MULTILINE)
    if unknown := set(given.targets) - set(known):
        raise Refused(f"no rule to make target {unknown}")
    return []


def pg_dump(arguments: Argv) -> Argv:
    """Write a file."""
    given = options("pg_dump", "--format=", "--file=", database=1).parse_args(arguments)
    if given.format not in {"custom", "directory", "plain", "tar"}:
        raise Refused(f"invalid output format {given.format!r}")
    Path(given.file).write_text("a dump")
    return []


def pipx(arguments: Argv) -> Argv:
    """Install a wheel that is there."""
    parser = Arguments("pipx")
    parser.add_argument("command", choices=["install"])
    parser.add_argument("--force", action="store_true")
    parser.add_argument("package")
    require_package(parser.parse_args(arguments).package)
    return []


def pip(arguments: Argv) -> Argv:
    """Install a wheel, or a folder that holds a project, into the environment of the service."""
    parser = Arguments("pip")
    parser.add_argument("command", choices=["install"])
    parser.add_argument("--upgrade", action="store_true")
    parser.add_argument("package")
    require_package(parser.parse_args(arguments).package)
    folder = machine() / "opt/confcal/bin"
    if not (folder / "python").exists():
        raise Refused(f"{folder} holds no environment")
    shutil.copy(machine() / "bin-of-service", folder / "confcal")
    return []


def python3(arguments: Argv) -> Argv:
    """Make an environment, or run what `-c` says."""
    match arguments:
        case ["-m", "venv", folder]:
            programs = Path(folder) / "bin"
            programs.mkdir(parents=True, exist_ok=True)
            (programs / "python").touch(0o755)
            shutil.copy(machine() / "pip", programs / "pip")
            return []
        case ["-c", _]:
            return [sys.executable, *arguments]
        case _:
            raise Refused(f"python3 {arguments}: no page needs this")


def journalctl(arguments: Argv) -> Argv:
    """Print the log of the daemon."""
    given = options("journalctl", "--unit=", "--lines=", "--output=", "--grep=").parse_args(arguments)
    services.require_unit(given.unit)
    if given.output not in {None, "cat", "short", "json"}:
        raise Refused(f"unknown output mode {given.output!r}")
    lines = [
        line for line in (machine() / "log").read_text().splitlines() if re.search(given.grep or "", line)
    ]
    if not lines:
        raise Refused("-- No entries --")
    sys.stdout.writelines(f"{line}\n" for line in lines[-int(given.lines or 0) :])
    return []


def require_package(spec: str) -> None:
    """Refuse a wheel or a folder that is not there, and extras that confcal does not have."""
    path, _, extras = spec.partition("[")
    if path == ".":
        files(["pyproject.toml"])
    elif not path.endswith(".whl"):
        raise Refused(f"{path} is neither a wheel nor a folder")
    else:
        files([path])
    if unknown := set(filter(None, extras.rstrip("]").split(","))) - set(known()["extras"]):
        raise Refused(f"confcal has no extra {unknown}")


def machine() -> Path:
    """Return the folder that stands for the machine."""
    return Path(os.environ["MACHINE"])


def known() -> dict[str, list[str]]:
    """Return what the machine was told of the project."""
    told: dict[str, list[str]] = json.loads((machine() / "known.json").read_text())
    return told


def known_users() -> set[str]:
    """Return the users of the machine that the pages made."""
    return set(_users_file().read_text().split()) if _users_file().exists() else set()


def require_owner(name: str) -> None:
    """Refuse a user or group that nobody made."""
    if name not in known_users() | {"root"}:
        raise Refused(f"unknown user {name!r}")


def _users_file() -> Path:
    return machine() / "users"


TOOLS: dict[str, Callable[[Argv], Argv]] = {
    "sudo": sudo,
    "install": install,
    "chown": chown,
    "useradd": useradd,
    "userdel": userdel,
    "make": make,
    "pg_dump": pg_dump,
    "pipx": pipx,
    "pip": pip,
    "python3": python3,
    "journalctl": journalctl,
    "systemctl": services.systemctl,
    "docker": containers.docker,
    "kubectl": containers.kubectl,
}
"""All of them by name."""


def main() -> None:
    """Be the tool that the first argument names."""
    name, *arguments = sys.argv[1:]
    try:
        argv = TOOLS[name](arguments)
    except (Refused, OSError, argparse.ArgumentError) as error:
        sys.exit(f"{name} {' '.join(arguments)}: {error}")
    if argv:
        os.execvp(argv[0], argv)  # noqa: S606 -- the command that the page gives to the tool


if __name__ == "__main__":
    main()
