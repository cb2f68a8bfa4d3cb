"""
A machine for the commands of the docs: own folders, confcal itself, and stand-ins for what changes a machine.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

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
)
_PATHS = re.compile(r"(?<![\w.}/$])/(?=(?:etc|var|opt|backup|run/secrets|usr/local)(?:/|\b))")
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
    [ $# -gt 0 ] || set -- --env-file "$MACHINE/etc/confcal/confcal.env" run
    CONFCAL_LOG_FORMAT=json "{python}" -m service "$@" > "$MACHINE/log" 2>&1 &
    echo $! > "$MACHINE/pid"
    for _ in $(seq 300); do
      curl --fail --silent --output /dev/null "http://127.0.0.1:$CONFCAL_PORT/readyz" && exit 0
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
            self._write(self.folder / "bin" / name, text.format(python=sys.executable))
        self._write(self.folder / "opt/confcal/bin/pip", _PROGRAM)
        self._write(self.folder / "opt/confcal/bin/confcal", _CONFCAL.format(python=sys.executable))

    def _write(self, file: Path, text: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(0o755)

    def translate(self, text: str) -> str:
        """Return commands with the paths and addresses of this machine, without prompts."""
        for known, own in self.addresses.items():
            text = re.sub(known, own, text)
        return _PATHS.sub(f"{self.folder}/", text)

    def script(self, blocks: list[str]) -> str:
        """Return one script of all blocks; each begins in the folder of the release."""
        start = f'cd "{self.folder}/release"\n'
        return "set -eu\n" + "".join(start + self.translate(block) for block in blocks)
