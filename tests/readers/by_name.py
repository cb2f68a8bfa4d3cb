"""
Read what confcal writes with Python's readers, by whatever zone data this process has.

    python by_name.py < question.json > answer.json

question: [{"ics": "...", "windows": [[since, until], ...]}], in seconds since 1970
answer:   [{reader: [[start, end], ...]}], in seconds since 1970
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from tests.core.python_readers import PYTHON_READERS


def answer(question: Any) -> dict[str, list[tuple[float, float]]]:
    windows = [[datetime.fromtimestamp(moment, UTC) for moment in window] for window in question["windows"]]
    return {
        name: [
            (start.timestamp(), end.timestamp())
            for since, until in windows
            for start, end in read(question["ics"], since, until)
        ]
        for name, read in PYTHON_READERS.items()
    }


if __name__ == "__main__":
    json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
