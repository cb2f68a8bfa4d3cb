"""
Whether a machine was quiet while something was measured.
"""

import os
from contextlib import suppress
from pathlib import Path

_STOLEN = 8
"""The place of `steal` in the first line of /proc/stat (proc_stat(5))."""


def stolen_seconds() -> float:
    """Return the CPU time since the boot that the host gave to other machines; 0 where Linux does not say."""
    with suppress(OSError, IndexError):
        ticks = int(Path("/proc/stat").read_text().split()[_STOLEN])
        return ticks / os.sysconf("SC_CLK_TCK")
    return 0.0
