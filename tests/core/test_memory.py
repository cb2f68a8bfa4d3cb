"""
What was freed goes back to the system.
"""

import gc
import platform
import subprocess
import sys
import traceback
import weakref

import pytest

from service.core.memory import forget_locals, give_back_freed, pause_garbage_collection


class Large:
    """What somebody may hold."""


def test_it_may_be_given_back_at_any_time() -> None:
    kept = [bytes(1000) for _ in range(10_000)]
    del kept[::2]

    give_back_freed()
    give_back_freed()

    assert len(kept) == 5_000


FREEING = """
import sys
from pathlib import Path
from service.core.memory import keep_little

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "little":
    keep_little()
bytes(2**20)
before = resident()
blocks = [b"x" * 2**19 for _ in range(100)]
last = blocks.pop()
blocks.clear()
print((resident() - before) // 2**20)
"""
"""Frees 50 MiB in blocks, all before one that stays."""


def freed_and_kept(how: str) -> int:
    """Return the MiB that a process keeps of 50 MiB that it freed."""
    done = subprocess.run(
        [sys.executable, "-c", FREEING, how], capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told so")
def test_large_blocks_that_are_freed_leave_the_process_though_a_later_one_stays() -> None:
    assert freed_and_kept("as before") > 40
    assert freed_and_kept("little") < 5


def failed(watched: list[weakref.ref[Large]]) -> ValueError:
    """Return an error behind which there is another one, in a function that holds something large."""

    def read() -> None:
        held = Large()
        watched.append(weakref.ref(held))
        raise KeyError("x")

    def translated() -> None:
        try:
            read()
        except KeyError as error:
            raise ValueError("nobody can read it") from error

    with pytest.raises(ValueError, match="nobody") as told:
        translated()
    return told.value


def test_an_error_that_is_kept_keeps_its_lines_and_nothing_else() -> None:
    watched: list[weakref.ref[Large]] = []
    error = failed(watched)
    assert watched[0]() is not None

    forget_locals(error)

    assert watched[0]() is None
    assert 'raise KeyError("x")' in "".join(traceback.format_exception(error))


def test_what_is_read_to_stay_is_searched_neither_meanwhile_nor_later() -> None:
    before = gc.get_freeze_count()
    try:
        with pause_garbage_collection(for_good=True):
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(10_000)]

        assert gc.get_freeze_count() - before >= len(kept)
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_what_is_read_for_a_moment_stays_under_the_collector() -> None:
    before = gc.get_freeze_count()
    with pause_garbage_collection():
        assert not gc.isenabled()

    assert gc.get_freeze_count() == before
    assert gc.isenabled()
