"""
A machine for the commands of the docs: own folders, confcal itself, and stand-ins for what changes a machine.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.docs.blocks import Block, Kind, dialogs

FOLDERS = (
    "etc/confcal",
    "etc/caddy",
    "etc/systemd/system",
    "var/lib/confcal",
    "opt/confcal/bin",
    "usr/local/bin",
    "backup",
    "run/secrets",
    "tmp",
    "shown",
)
_PATHS = re.compile(r"(?<![\w.}/$])/(?=(?:etc|var|opt|backup|run/secrets|usr/local|tmp)(?:/|\b))")
_PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$MACHINE/called"
"""

_CONFCAL = """#!/bin/sh
case " $* " in
  *" run "*) exec confcal-service start "$@" ;;
  *) exec "{python}" -m service "$@" ;;
esac
"""

_SERVICE = """#!/bin/sh
# Starts the daemon and waits for its first list, or stops it.
case "$1" in
  start)
    shift
    # Who ran it by hand has ended it with Ctrl-C.
    [ ! -f "$MACHINE/by-hand" ] || "$0" stop
    rm -f "$MACHINE/by-hand"
    [ $# -eq 0 ] || touch "$MACHINE/by-hand"
    [ $# -gt 0 ] || set -- --env-file "$MACHINE/etc/confcal/confcal.env" run
    CONFCAL_LOG_FORMAT=json "{python}" -m service "$@" > "$MACHINE/log" 2>&1 &
    echo $! > "$MACHINE/pid"
    for _ in $(seq 300); do
      curl --fail --silent --output /dev/null "http://127.0.0.1:$CONFCAL_PORT/readyz" &&
        grep --quiet sync.list_accepted "$MACHINE/log" && exit 0
      kill -0 "$(cat "$MACHINE/pid")" 2>/dev/null || {{ cat "$MACHINE/log" >&2; exit 1; }}
      sleep 0.1
    done
    ;;
  stop)
    [ -f "$MACHINE/pid" ] || exit 0
    pid=$(cat "$MACHINE/pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    rm -f "$MACHINE/pid"
    ;;
esac
"""

_SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >> "$MACHINE/called"
case "$*" in
  "start confcal"|"enable --now confcal") exec confcal-service start ;;
  "stop confcal"|"disable --now confcal"*) exec confcal-service stop ;;
  "restart confcal") confcal-service stop; exec confcal-service start ;;
  daemon-reload|"reload caddy"|"enable --now confcal-backup.timer") ;;
  *) echo "systemctl $*: nobody expects this" >&2; exit 1 ;;
esac
"""

_SUDO = """#!/bin/sh
while [ "${{1#--}}" != "$1" ]; do shift; done
exec "$@"
"""

_INSTALL = """#!/bin/sh
for each; do
  shift
  case "$each" in --owner=*|--group=*) ;; *) set -- "$@" "$each" ;; esac
done
exec /usr/bin/install "$@"
"""

_DOCKER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$MACHINE/called"
case "$*" in
  *" confcal confcal "*) while [ "$1 $2" != "confcal confcal" ]; do shift; done; shift 2 ;;
  *"-- confcal "*) while [ "$1" != "--" ]; do shift; done; shift 2 ;;
  *) exit 0 ;;
esac
exec confcal --env-file "$MACHINE/etc/confcal/confcal.env" "$@"
"""

_ACCEPTED = ("useradd", "userdel", "chown", "make", "pg_dump", "pipx", "journalctl")


@dataclass(frozen=True, slots=True)
class Machine:
    """
    A folder that stands for a machine, and what the addresses of the docs lead to.
    """

    folder: Path
    addresses: dict[str, str]

    def build(self) -> None:
        """Make its folders and programs."""
        for each in FOLDERS:
            (self.folder / each).mkdir(parents=True, exist_ok=True)
        programs = {
            "confcal": _CONFCAL,
            "confcal-service": _SERVICE,
            "systemctl": _SYSTEMCTL,
            "sudo": _SUDO,
            "install": _INSTALL,
            "docker": _DOCKER,
            "kubectl": _DOCKER,
            **dict.fromkeys(_ACCEPTED, _PROGRAM.replace("{", "{{").replace("}", "}}")),
        }
        for name, text in programs.items():
            self.write(f"bin/{name}", text.format(python=sys.executable), 0o755)
        self.write("opt/confcal/bin/pip", _PROGRAM, 0o755)
        self.write("opt/confcal/bin/confcal", _CONFCAL.format(python=sys.executable), 0o755)

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
        start, number, parts = f'cd "{self.folder}/release"\n', 0, ["set -eu\n"]
        for block in blocks:
            parts.append(start)
            if block.kind is not Kind.CONSOLE:
                parts.append(self.translate(block.text))
                continue
            for command, _ in dialogs(block):
                parts.append(f'{self.translate(command)} > "{self.folder}/shown/{number}"\n')
                number += 1
        return "".join(parts)
