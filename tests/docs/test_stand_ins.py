"""
The stand-ins refuse what the real tools would refuse, so that a wrong line of a page is found.
"""

import shlex
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT
from tests.docs.refusal import Refused
from tests.docs.stand_ins import Machine
from tests.docs.tools import TOOLS

TAKEN = [
    "systemctl daemon-reload",
    "useradd --system --no-create-home --shell /usr/sbin/nologin anna",
    "chown confcal: pyproject.toml",
    "make image",
    "pip install --upgrade .[systemd,notify]",
    "docker compose --file config/compose.yaml up --detach",
    "kubectl apply --filename config/kubernetes.yaml",
    "docker tag confcal confcal:before",
    (
        "docker run --detach --name confcal --env-file etc/confcal/confcal.env --volume confcal:/data "
        "--publish 127.0.0.1:8080:8080 confcal"
    ),
]
REFUSED = [
    "systemctl stat confcal",
    "systemctl start --now confcal",
    "systemctl start confcall",
    "systemctl enable --now unread",
    "systemctl reload caddy",
    "sudo --user=anna confcal feeds",
    "useradd --sistem --shell /usr/sbin/nologin anna",
    "useradd --system --shell /usr/sbin/nologin confcal",
    "userdel anna",
    "chown anna: pyproject.toml",
    "chown confcal: nothing.toml",
    "install --directory --owner=anna folder",
    "make images",
    "pipx install confcal-0.2.0-py3-none-any.whl",
    "pip install --upgrad .",
    "pip install .[systemd,apprise]",
    "python3 -m venvs folder",
    "pg_dump --format=binary --file=dump confcal",
    "journalctl --unit confcal --line 20",
    "docker compose --file config/composed.yaml up",
    "docker compose --file config/compose.yaml stop daemon",
    "docker compose --file config/compose.yaml up --detatch",
    "docker exec confcall confcal feeds",
    "docker exec confcal python",
    "docker run confcal ...",
    (
        "docker run --name confcal --env-file etc/confcal/confcal.env --volume confcal:/var/lib/confcal "
        "--publish 127.0.0.1:8080:8080 confcal"
    ),
    "kubectl apply --filename config/kubernets.yaml",
    "kubectl exec statefulset/confcal -- confcal feeds",
]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give a machine with the service installed, on which a command stands in its folder."""
    machine = Machine(tmp_path / "machine", {})
    machine.build()
    machine.have_service()
    for name in ("Makefile", "pyproject.toml", "config/compose.yaml", "config/kubernetes.yaml"):
        machine.write(name, (ROOT / name).read_text("utf-8"))
    machine.write("etc/confcal/confcal.env", "")
    monkeypatch.setenv("MACHINE", str(machine.folder))
    monkeypatch.chdir(machine.folder)
    return machine


@pytest.mark.parametrize("line", TAKEN)
@pytest.mark.usefixtures("machine")
def test_what_is_right_is_taken(line: str) -> None:
    name, *arguments = shlex.split(line)

    assert TOOLS[name](arguments) == []


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_wrong_is_refused(line: str, machine: Machine) -> None:
    machine.write("etc/systemd/system/unread.timer", "[Timer]\nOnCalendar=03:15\n")
    name, *arguments = shlex.split(line)

    with pytest.raises((Refused, OSError)):
        TOOLS[name](arguments)
