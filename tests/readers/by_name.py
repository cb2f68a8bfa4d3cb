"""
Read what confcal writes with Python's readers, by whatever zone data this process has.

    python by_name.py < question.json > answer.json

question: [{"ics": "...", "since": seconds, "until": seconds}]
answer:   [{reader: [[start, end], ...]}], in seconds since 1970
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from tests.core.python_readers import PYTHON_READERS


def answer(question: Any) -> dict[str, list[tuple[float, float]]]:
    since, until = (datetime.fromtimestamp(question[name], UTC) for name in ("since", "until"))
    return {
        name: [(start.timestamp(), end.timestamp()) for start, end in read(question["ics"], since, until)]
        for name, read in PYTHON_READERS.items()
    }


if __name__ == "__main__":
    json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)
