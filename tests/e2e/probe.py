"""
Everybody else, in a process of their own: asks for health and for a large feed, and changes a small list.

Run as `python probe.py HEALTH_URL FEED_URL LIST_FILE ROOM_PID`. It goes on until its input ends, and then
prints how many seconds each thing took.
"""

import json
import os
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetched(url: str) -> bytes:
    with _opener.open(url, timeout=20) as answer:
        body: bytes = answer.read()
    return body


def timed(url: str) -> float:
    begun = time.monotonic()
    fetched(url)
    return time.monotonic() - begun


def seconds_to_feed(number: int, *, feed: str, list_file: Path, room: int) -> float:
    topic = f"Probe {number} of {room}"
    listing = json.loads(list_file.read_text(encoding="utf-8"))
    listing["conferences"][0]["topic"] = topic
    begun = time.monotonic()
    list_file.write_text(json.dumps(listing), encoding="utf-8")
    os.kill(room, signal.SIGHUP)
    while topic.encode() not in fetched(feed):
        if time.monotonic() - begun > 30:
            return 30.0
        time.sleep(0.05)  # Nothing tells a reader of a feed that it changed.
    return time.monotonic() - begun


def wait_for_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def main() -> None:
    health, feed, list_file, room = sys.argv[1:]
    over = threading.Event()
    threading.Thread(target=wait_for_end, args=(over,), daemon=True).start()
    taken: dict[str, list[float]] = {"health": [], "feed": [], "list": []}
    number = 0
    while not over.is_set() or number < 3:
        number += 1
        taken["health"].append(timed(health))
        taken["feed"].append(timed(feed))
        taken["list"].append(seconds_to_feed(number, feed=feed, list_file=Path(list_file), room=int(room)))
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
