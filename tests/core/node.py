"""
The readers that run in Node, `tests/readers/`: one process for many calendars.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.tools import missing

READERS = Path(__file__).parent.parent / "readers"


def ask(script: str, question: object) -> Any:
    """
    Return what a script of `tests/readers/` answers.

    Without Node or its packages the test is skipped, and fails where CI=true: there nothing is skipped.
    """
    node = shutil.which("node")
    if node is None or not (READERS / "node_modules").is_dir():
        reason = (
            "Node or the packages of tests/readers are missing: ical.js and rrule-temporal were NOT asked"
        )
        missing(reason)
    answer = subprocess.run(
        [node, READERS / script],
        input=json.dumps(question).encode(),
        capture_output=True,
        check=False,
        timeout=200,
    )
    assert answer.returncode == 0, answer.stderr.decode(errors="replace")
    return json.loads(answer.stdout)
