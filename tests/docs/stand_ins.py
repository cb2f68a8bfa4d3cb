"""
A machine for the commands of the docs: own folders, confcal itself, and stand-ins for what changes a machine.
"""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.docs.blocks import ROOT, Block, Kind, dialogs
from tests.docs.tools import TOOLS

FOLDERS = (
    "bin",
    "etc/confcal",
    "etc/caddy",
    "etc/systemd/system",
    "var/lib/confcal",
    "opt",
    "usr/local/bin",
    "backup",
    "run/secrets",
    "tmp",
    "shown",
)
_PATHS = re.compile(r"(?<![\w.}/$])/(?=(?:etc|var|opt|backup|run/secrets|usr/local|tmp)(?:/|\b))")

_TOOL = """#!/bin/sh
exec "{python}" -S -m tests.docs.tools {name} "$@"
"""

_CONFCAL = """#!/bin/sh
case " $* " in
  *" run "*) exec "{python}" -m tests.docs.services "$@" ;;
  *) exec "{python}" -m service "$@" ;;
esac
"""

_STRANGER = """#!/bin/sh
exec /usr/bin/curl --interface 127.0.0.9 "$@"
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """
    A folder that stands for a machine, and what the addresses of the docs lead to.
    """

    folder: Path
    addresses: dict[str, str]

    def build(self) -> None:
        """Make its folders, its tools, and what they know of the project."""
        for each in FOLDERS:
            (self.folder / each).mkdir(parents=True)
        for name in TOOLS:
            # The environment of the service has a pip of its own.
            where = name if name == "pip" else f"bin/{name}"
            self.write(where, _TOOL.format(python=sys.executable, name=name), 0o755)
        self.write("bin-of-service", _CONFCAL.format(python=sys.executable), 0o755)
        self.write("known.json", json.dumps(what_is_known()))

    def have_command(self) -> None:
        """Install confcal for whoever types its name."""
        shutil.copy(self.folder / "bin-of-service", self.folder / "bin/confcal")

    def have_service(self) -> None:
        """Install confcal as a service too, with its environment, unit and user."""
        self.have_command()
        programs = self.folder / "opt/confcal/bin"
        programs.mkdir(parents=True)
        shutil.copy(self.folder / "bin-of-service", programs / "confcal")
        shutil.copy(self.folder / "pip", programs / "pip")
        (programs / "python").touch()
        shutil.copy(ROOT / "config/confcal.service", self.folder / "etc/systemd/system")
        self.write("users", "confcal")
        self.write("reloaded", "")

    def is_no_proxy(self) -> None:
        """Have curl ask from an address of which no page says that it is a proxy."""
        self.write("bin/curl", _STRANGER, 0o755)

    def write(self, name: str, text: str, mode: int = 0o600) -> None:
        """Write a file of this machine."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(mode)

    def translate(self, text: str) -> str:
        """Return commands with the paths and addresses of this machine."""
        for known, own in self.addresses.items():
            text = re.sub(known, own, text)
        return _PATHS.sub(f"{self.folder}/", text)

    def script(self, blocks: Iterable[Block]) -> str:
        """
        Return one script of all blocks; each begins in the folder of the release.

        What a page shows as output goes into a file of `shown` for each command, in the order written.
        """
        start, number, parts = f'cd "{self.folder}/release"\n', 0, ["set -euo pipefail\n"]
        for block in blocks:
            parts.append(start)
            if block.kind is not Kind.CONSOLE:
                parts.append(self.translate(block.text))
                continue
            for command, _ in dialogs(block):
                parts.append(f'{{ {self.translate(command)}\n}} > "{self.folder}/shown/{number}"\n')
                number += 1
        return "".join(parts)


def what_is_known() -> dict[str, list[str]]:
    """Return what the tools find in the project: services, objects, what the image keeps and has, extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    image = (ROOT / "Dockerfile").read_text("utf-8")
    return {
        "extras": list(project["optional-dependencies"]),
        "volumes": re.findall(r"^VOLUME (\S+)", image, re.MULTILINE),
        "ports": re.findall(r"^EXPOSE (\S+)", image, re.MULTILINE),
        **{file.name: _names(_documents(file)) for file in _manifests()},
    }


def _documents(file: Path) -> Iterable[Any]:
    # A tag of compose's own, which says that a list of another file does not count.
    return yaml.safe_load_all(file.read_text("utf-8").replace("!reset", ""))


def _manifests() -> Iterable[Path]:
    return [*ROOT.glob("config/compose*.yaml"), *ROOT.glob("config/kubernetes*.yaml")]


def _names(documents: Iterable[Any]) -> list[str]:
    """Return the services of a compose file, or the objects of a manifest as kubectl names them."""
    names = []
    for each in documents:
        names += each.get("services", {})
        if "kind" in each:
            names.append(f"{each['kind'].lower()}/{each['metadata']['name']}")
    return names
