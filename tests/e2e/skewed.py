"""
The program on a machine whose clock is wrong: `python -m tests.e2e.skewed SECONDS run`.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from service.app import clock


def skew(seconds: float) -> None:
    """Set the clocks that the program reads; that of leases is another one."""
    right = time.time
    time.time = lambda: right() + seconds
    clock.utc_now.own = lambda: datetime.now(UTC) + timedelta(seconds=seconds)


if __name__ == "__main__":
    skew(float(sys.argv.pop(1)))
    from service.__main__ import main

    main()
