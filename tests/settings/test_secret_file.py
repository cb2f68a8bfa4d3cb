"""
A secret that several processes make at once, on volumes of all kinds.
"""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.settings.secret_file import write_once


def without_links(number: int) -> Callable[[Path, Path], None]:
    def link(_source: Path, _target: Path) -> None:
        raise OSError(number, os.strerror(number))

    return link


LINKS = {
    "links": os.link,
    **{
        errno.errorcode[number]: without_links(number)
        for number in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EIO)
    },
}


@pytest.fixture(params=LINKS, name="link")
def _link(request: pytest.FixtureRequest) -> Callable[[Path, Path], None]:
    return LINKS[request.param]


def test_a_file_is_written_whole_for_its_owner_alone(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    write_once(tmp_path / "secret", "text", link=link)

    (file,) = tmp_path.iterdir()
    assert (file.name, file.read_text(), file.stat().st_mode & 0o777) == ("secret", "text", 0o600)


def test_a_file_that_is_there_stays(tmp_path: Path, link: Callable[[Path, Path], None]) -> None:
    (tmp_path / "secret").write_text("first")

    write_once(tmp_path / "secret", "second", link=link)

    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    assert (tmp_path / "secret").read_text() == "first"


def test_of_many_at_once_one_is_first_and_all_read_its_text(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    path = tmp_path / "secret"

    def started(number: int) -> str:
        write_once(path, f"{number}" * 10_000, link=link)
        return path.read_text()

    with ThreadPoolExecutor(8) as threads:
        read = set(threads.map(started, range(8)))

    assert len(read) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_a_volume_that_takes_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_once(tmp_path / "missing" / "secret", "text", link=without_links(errno.EPERM))
