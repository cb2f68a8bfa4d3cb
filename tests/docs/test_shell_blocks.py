"""
The commands of the pages that lead into production: run in the order written, on a machine of stand-ins.
"""

import hashlib
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, shell_blocks
from tests.docs.stand_ins import Machine
from tests.e2e.given import once
from tests.e2e.program import room

pytestmark = pytest.mark.thorough

PAGES = ("README.md", "docs/production.md")
RUSSIAN = {"README.md": "README.ru.md", "docs/production.md": "docs/production.ru.md"}
LIMIT_SECONDS = 280
"""Some twenty starts of confcal: half a minute on an idle machine, minutes on a busy one."""


def release(folder: Path) -> None:
    """Lay out what a release holds, as far as the pages use it."""
    shutil.copytree(ROOT / "config", folder / "config")
    wheel = folder / "confcal-0.2.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  {wheel.name}\n")


@pytest.mark.timeout(340)
@pytest.mark.parametrize("name", PAGES)
async def test_the_commands_of_a_page_do_what_it_says(name: str, tmp_path: Path) -> None:
    blocks = [each.text for each in shell_blocks(ROOT / name) if not each.not_run]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "room").mkdir()
    async with room(tmp_path / "room", conferences=(once(),)) as endpoint:
        local = f"http://127.0.0.1:{port}"
        addresses = {
            r"http://10\.0\.0\.15": endpoint.web_url,
            r"http://room-\$room\.example\.com": endpoint.web_url,
            r"https://calendars\.example\.com": local,
            r"http://127\.0\.0\.1:8080": local,
            "python3 -m venv": "mkdir -p",
        }
        machine = Machine(tmp_path / "machine", addresses)
        machine.build()
        release(tmp_path / "machine/release")
        environment = {
            "PATH": f"{machine.folder}/bin:{machine.folder}/usr/local/bin:{os.environ['PATH']}",
            "HOME": str(machine.folder / "home"),
            "MACHINE": str(machine.folder),
            "PYTHONPATH": str(ROOT),
            "CONFCAL_PORT": str(port),
            "LANG": "C.UTF-8",
        }
        try:
            done = subprocess.run(  # noqa: ASYNC221 -- the Room is another process
                ["/bin/bash", "-c", machine.script(blocks)],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT_SECONDS,
            )
        finally:
            subprocess.run(  # noqa: ASYNC221
                [machine.folder / "bin/confcal-service", "stop"], env=environment, check=True, timeout=30
            )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "/feeds/" in done.stdout
    assert "all" in done.stdout


@pytest.mark.parametrize("name", PAGES)
def test_the_russian_page_has_the_same_commands(name: str) -> None:
    english, russian = ([each.text for each in shell_blocks(ROOT / page)] for page in (name, RUSSIAN[name]))

    assert [each.replace('language = "ru"', 'language = "en"') for each in russian] == english


def test_the_pages_that_lead_into_production_leave_out_little() -> None:
    left_out = {name: [each.not_run for each in shell_blocks(ROOT / name) if each.not_run] for name in PAGES}

    assert {name: len(reasons) for name, reasons in left_out.items()} == {
        "README.md": 3,
        "docs/production.md": 0,
    }
