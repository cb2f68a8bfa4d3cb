"""
The starts of feeds' answers are prepared once for their present bytes, and not kept for earlier ones.
"""

import gc
from datetime import timedelta

from service.web.answers import PreparedStart
from service.web.feeds.starts import LatestStarts
from tests.core.given import NOW, conference, listed
from tests.web.given import Web


def make(status: int, etag: bytes) -> PreparedStart:
    return PreparedStart(status, [(b"etag", etag)])


def test_a_start_is_made_once_for_the_same_bytes() -> None:
    starts = LatestStarts()

    assert starts.find("all", (304, b"1"), make) is starts.find("all", (304, b"1"), make)
    assert starts.find("all", (304, b"2"), make).head == b"HTTP/1.1 304 Not Modified\r\netag: 2\r\n"


def test_only_the_latest_of_each_feed_is_kept() -> None:
    starts = LatestStarts()
    for number in range(10):
        starts.find("all", (304, b"%d" % number), make)
        starts.find("room", (304, b"%d" % number), make)

    assert len(starts) == 2


def test_there_are_never_more_than_are_allowed() -> None:
    starts = LatestStarts(most=3)
    for number in range(10):
        starts.find(number, (304, b"1"), make)
        assert len(starts) <= 3


async def test_a_feed_that_changes_often_leaves_nothing_behind(web: Web) -> None:
    etags = set()
    for number in range(20):
        web.clock.now = at = NOW + timedelta(minutes=number)
        await web.accept(listed(conference("100", f"Topic {number}"), at=at))
        etag = (await web.get()).headers["etag"]
        assert (await web.get(if_none_match=etag)).status_code == 304
        etags.add(etag.encode())

    gc.collect()
    prepared = [each for each in gc.get_objects() if isinstance(each, PreparedStart)]
    kept = [each for each in prepared if any(etag in each.head for etag in etags)]
    assert len(etags) == 20
    assert len(kept) == 2
