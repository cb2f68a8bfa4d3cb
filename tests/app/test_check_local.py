"""
What `confcal check` says of the database.
"""

import asyncio
from pathlib import Path

from service.app.check_local import check_database
from service.app.findings import Finding, Verdict
from service.core.vevent import no_translation
from service.settings.load import load_settings
from service.store.inspection import identify, inspect
from service.store.migrate import migrate
from service.store.schema import newest_revision


async def checked(folder: Path) -> Finding:
    return await check_database(load_settings({"CONFCAL_DATA_DIR": str(folder)}), no_translation)


def url_of(file: Path) -> str:
    return f"sqlite:///{file}"


async def test_a_good_database_is_told_with_server_schema_and_space(tmp_path: Path) -> None:
    await migrate(url_of(tmp_path / "confcal.db"))

    found = await checked(tmp_path)

    assert found.verdict is Verdict.GOOD
    assert f"schema {newest_revision()}, writable" in found.lines[0]
    assert "SQLite 3." in found.lines[0]
    assert found.lines[0].endswith("iB free")


async def test_a_database_that_everybody_reads_is_a_warning(tmp_path: Path) -> None:
    if not all(folder.stat().st_mode & 0o001 for folder in tmp_path.parents):
        tmp_path = Path("/tmp") / f"confcal-open-{tmp_path.name}"
        tmp_path.mkdir(mode=0o755, exist_ok=True)
    tmp_path.chmod(0o755)
    file = tmp_path / "confcal.db"
    await migrate(url_of(file))
    file.chmod(0o644)

    found = await checked(tmp_path)
    file.unlink()

    assert found.verdict is Verdict.WARNING
    assert "every user of this machine can read it" in found.lines[1]


async def test_before_the_first_start_a_missing_database_is_a_notice(tmp_path: Path) -> None:
    found = await checked(tmp_path)

    assert found.verdict is Verdict.NOTICE
    assert "It is made by the first `confcal run`." in found.lines[0]


async def test_a_file_that_is_no_database_fails(tmp_path: Path) -> None:
    (tmp_path / "confcal.db").write_bytes(b"no database at all" * 100)

    assert (await checked(tmp_path)).verdict is Verdict.FAILED


async def test_a_look_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "confcal.db"
    await migrate(url_of(file))
    before = await asyncio.to_thread(file.read_bytes)

    found = await inspect(url_of(file))

    assert found.refusal == ""
    assert await asyncio.to_thread(file.read_bytes) == before


async def test_a_database_is_the_same_by_whatever_path(tmp_path: Path) -> None:
    file, other = tmp_path / "confcal.db", tmp_path / "other.db"
    await migrate(url_of(file))
    await migrate(url_of(other))
    (tmp_path / "link").symlink_to(tmp_path)

    assert await identify(url_of(file)) == await identify(url_of(tmp_path / "link" / "confcal.db"))
    assert await identify(url_of(file)) != await identify(url_of(other))
