"""
Dates of feeds that change faster than HTTP can tell.
"""

from email.utils import parsedate_to_datetime

from tests.core.given import NOW, conference, listed
from tests.web.given import Web


async def test_a_304_within_the_second_of_two_changes_tells_no_date_of_the_future(web: Web) -> None:
    await web.get()
    await web.accept(listed(conference("100"), conference("300")))
    tag = (await web.get()).headers["etag"]

    answer = await web.get(if_none_match=tag)

    assert answer.status_code == 304
    assert parsedate_to_datetime(answer.headers["last-modified"]) == NOW
