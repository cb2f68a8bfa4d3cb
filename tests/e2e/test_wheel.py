"""
The wheel by itself, far from the checkout.
"""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import SAMPLES
from tests.e2e.given import once
from tests.e2e.program import Home, room

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parent.parent.parent
NEEDED_TO_BUILD = ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE")


def run(*command: object, cwd: Path) -> None:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """
    The `bin` of an environment with the wheel, and with nothing else that is called confcal.
    """
    sources, environment = tmp_path / "sources", tmp_path / "environment"
    sources.mkdir()
    for name in NEEDED_TO_BUILD:
        shutil.copy(ROOT / name, sources)
    shutil.copytree(
        ROOT / "service", sources / "service", ignore=shutil.ignore_patterns("__pycache__", "*.mo")
    )
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        tmp_path,
        sources,
        cwd=tmp_path,
    )
    (wheel,) = tmp_path.glob("confcal-*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path)
    python = environment / "bin/python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", wheel, cwd=tmp_path)
    # The libraries come from where the tests run; an editable confcal there is not followed, as its
    # own .pth file is not read from here.
    (packages,) = (environment / "lib").glob("python*/site-packages")
    libraries = sysconfig.get_path("purelib")
    (packages / "libraries.pth").write_text(f"{libraries}\n", encoding="utf-8")
    return environment / "bin"


async def test_the_installed_wheel_does_the_work(installed: Path, home: Home, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    by_python = Home(home.path, command=(installed / "python",), cwd=outside)
    confcal = Home(home.path, command=(installed / "confcal",), cwd=outside)

    async with by_python.started("-c", "import service; print(service.__file__)") as asked:
        assert await asked.ended() == 0
    assert asked.out[0].startswith(str(installed.parent))

    async with confcal.started("--version") as version:
        assert await version.ended() == 0
    assert version.out[0].startswith("confcal 0.")

    async with confcal.started("migrate") as migration:
        assert await migration.ended() == 0
    assert "was migrated from nothing" in migration.out[0]

    seed = SAMPLES / "01_A_once_seed_verbatim.json"
    async with confcal.started("convert", "--language", "ru", seed) as conversion:
        assert await conversion.ended() == 0
    assert any("Владелец" in line for line in conversion.out)

    async with room(tmp_path, conferences=(once(),)) as endpoint, confcal.daemon(endpoint.web_url) as daemon:
        await daemon.feed(lambda feed: "100" in feed.vevents)
        assert (await daemon.http.get(f"{daemon.url}/static/page.css")).status_code == 200
        assert await daemon.program.end() == 0
