"""
Stand-ins for docker and kubectl: one container of the image, and the example files.
"""

import json
import os
import re
import shutil
from pathlib import Path

from tests.docs.refusal import Arguments, Refused, files, options

_IMAGES = {"confcal"}


def docker(arguments: list[str]) -> list[str]:
    """Do what the subcommand says with the container of the pages."""
    match arguments:
        case ["compose", *rest]:
            return _compose(rest)
        case ["exec", "confcal", *command]:
            return _inside(command)
        case ["cp", source, target] if source.startswith("confcal:/data/"):
            shutil.copy(_machine() / "var/lib/confcal" / source.removeprefix("confcal:/data/"), target)
        case ["tag", source, target] if source in _IMAGES and re.fullmatch(r"[a-z]+:[a-z0-9.]+", target):
            pass
        case ["rm", "--force", "confcal"]:
            pass
        case ["run", *rest]:
            _run(rest)
        case _:
            raise Refused("no page needs this")
    return []


def _run(arguments: list[str]) -> None:
    flags = ("--detach", "--name=", "--restart=", "--env-file=", "--volume=", "--publish=")
    given = options("docker run", *flags, image=1).parse_args(arguments)
    files([given.env_file])
    known = _known()
    if given.image not in _IMAGES or given.name != "confcal":
        raise Refused("the pages have another image or name")
    if given.restart not in {None, "no", "always", "unless-stopped", "on-failure"}:
        raise Refused(f"invalid restart policy {given.restart!r}")
    if given.volume.partition(":")[2] not in known["volumes"]:
        raise Refused(f"{given.volume}: what the image keeps is in {known['volumes']}")
    if given.publish.rpartition(":")[2] not in known["ports"]:
        raise Refused(f"{given.publish}: the image listens at {known['ports']}")


def _compose(arguments: list[str]) -> list[str]:
    parser = Arguments("docker compose")
    parser.add_argument("--file", action="append", default=[])
    parser.add_argument("command", choices=["up", "exec", "stop"])
    given, rest = parser.parse_known_args(arguments)
    files(given.file)
    services = {each for file in given.file for each in _known()[Path(file).name]}
    match given.command, rest:
        case "up", [*flags] if set(flags) <= {"--build", "--detach"}:
            return []
        case "stop", [service] if service in services:
            return []
        case "exec", [service, *command] if service in services:
            return _inside(command)
        case _:
            raise Refused(f"{given.command} {rest} of {services}")


def kubectl(arguments: list[str]) -> list[str]:
    """Apply a file that is there, or run a command in an object of one that was applied."""
    applied = _machine() / "applied"
    match arguments:
        case ["apply", "--filename", file]:
            files([file])
            applied.write_text("\n".join(_known()[Path(file).name]))
            return []
        case ["exec", name, "--", *command] if applied.exists() and name in applied.read_text().split():
            return _inside(command)
        case _:
            raise Refused("no page needs this, or nothing of this name was applied")


def _inside(command: list[str]) -> list[str]:
    """Return the command as the container has it: with the daemon's settings."""
    if command[:1] != ["confcal"]:
        raise Refused(f"the image has no {command}")
    settings = _machine() / "etc/confcal/confcal.env"
    return [str(_machine() / "bin-of-service"), "--env-file", str(settings), *command[1:]]


def _known() -> dict[str, list[str]]:
    told: dict[str, list[str]] = json.loads((_machine() / "known.json").read_text())
    return told


def _machine() -> Path:
    return Path(os.environ["MACHINE"])
