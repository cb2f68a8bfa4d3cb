"""
The commands of every page: run in the order written on a machine of stand-ins, or marked why not.
"""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.caldav import loopback
from tests.docs.blocks import ROOT, Block, Kind, blocks, dialogs, pattern_of, shell_blocks
from tests.docs.installed import ADMIN_TOKEN, install
from tests.docs.stand_ins import Machine
from tests.e2e.given import once, weekly
from tests.e2e.program import room

pytestmark = pytest.mark.thorough

PAGES = {
    str(page.relative_to(ROOT)): page
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
    if shell_blocks(page)
}
FROM_NOTHING = {"README.md", "docs/production.md"}
"""Pages that begin on an empty machine; the others begin where confcal is installed and runs."""

ENGLISH = [name for name in PAGES if not name.endswith(".ru.md")]
RUSSIAN = [str(page.relative_to(ROOT)) for page in ROOT.glob("**/*.ru.md") if ".venv" not in page.parts]
RUN = [name for name in ENGLISH if any(not each.not_run for each in shell_blocks(PAGES[name]))]
_STOP = "from tests.docs.services import stop; stop()"
LISTENED_TO = "lobby@video.example.com"
"""Who is logged in at the Room: the page about watching says that no other list is taken."""

YES = "y\n"
"""What a person answers who is asked whether to go on."""

LIMIT_SECONDS = 280
"""Some twenty starts of confcal: half a minute on an idle machine, minutes on a busy one."""


def release(folder: Path) -> None:
    """Lay out what a release holds, as far as the pages use it."""
    shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
    wheel = folder / "confcal-0.2.0-py3-none-any.whl"
    wheel.write_bytes(b"a wheel")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    for each in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / each, folder)
    (folder / "SHA256SUMS").write_text(f"{digest}  {wheel.name}\n")


@contextmanager
def calendar_server(folder: Path, name: str) -> Iterator[int]:
    """Run a CalDAV server where a page publishes to one, and give its port, else 0."""
    if not name.endswith("targets.md"):
        yield 0
        return
    with loopback.radicale(folder) as server:
        yield server.port


def addresses_stay(printed: str) -> bool:
    """Return whether all that was printed of the feeds names the same address for each calendar."""
    addresses = re.findall(r"(/feeds/[\w-]+)/(\S+)", printed)
    return 0 < len(set(addresses)) == len({file for _, file in addresses})


@pytest.mark.timeout(340)
@pytest.mark.parametrize("name", RUN)
async def test_the_commands_of_a_page_do_what_it_says(name: str, tmp_path: Path) -> None:
    todo = [each for each in shell_blocks(PAGES[name]) if not each.not_run]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "room").mkdir()
    (tmp_path / "dav").mkdir()
    async with room(tmp_path / "room", "--peer", LISTENED_TO, conferences=(once(), weekly())) as endpoint:
        local = f"http://127.0.0.1:{port}"
        addresses = {
            r"http://10\.0\.0\.15": endpoint.web_url,
            r"http://room-\$room\.example\.com": endpoint.web_url,
            r"https://calendars\.example\.com": local,
            r"http://127\.0\.0\.1:8080": local,
            # The backup of a container's database goes into its volume.
            r" /data/": " /var/lib/confcal/",
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
            "CONFCAL_ADMIN_TOKEN": ADMIN_TOKEN,
            "LANG": "C.UTF-8",
        }
        with calendar_server(tmp_path / "dav", name) as caldav_port:
            if name in FROM_NOTHING:
                del environment["CONFCAL_ADMIN_TOKEN"]
                if name == "README.md":
                    machine.have_command()
            else:
                before = install(machine, PAGES[name], name, caldav_port)
                todo = [Block(Kind.SHELL, before), *todo]
            if name.endswith("single-sign-on.md"):
                machine.is_no_proxy()
            try:
                done = subprocess.run(  # noqa: ASYNC221 -- the Room is another process
                    ["/bin/bash", "-c", machine.script(todo)],
                    env=environment,
                    input=YES,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=LIMIT_SECONDS,
                )
            finally:
                subprocess.run([sys.executable, "-c", _STOP], env=environment, check=True, timeout=90)  # noqa: ASYNC221

    assert done.returncode == 0, done.stdout + done.stderr
    if name in FROM_NOTHING:
        assert addresses_stay(done.stdout)
    shown = [text for each in todo if each.kind is Kind.CONSOLE for _, text in dialogs(each)]
    printed = [(machine.folder / f"shown/{number}").read_text() for number in range(len(shown))]
    for text, wanted in zip(printed, shown, strict=True):
        assert pattern_of(wanted).fullmatch(text), text


@pytest.mark.parametrize("name", RUSSIAN)
def test_the_russian_page_has_the_same_commands_and_settings(name: str) -> None:
    russian, english = (
        [each.bare for each in blocks(ROOT / page)] for page in (name, name.replace(".ru.md", ".md"))
    )

    assert [each.replace('language = "ru"', 'language = "en"') for each in russian] == english


def test_what_is_not_run_is_known() -> None:
    left_out = {name: sum(1 for each in shell_blocks(PAGES[name]) if each.not_run) for name in ENGLISH}

    assert {name: count for name, count in left_out.items() if count} == {
        "CONTRIBUTING.md": 1,
        "README.md": 3,
        "docs/operations/sizing.md": 1,
        "docs/servers/README.md": 1,
    }
