"""
How answers are written.
"""

from service.web.answers import DateHeader, PreparedStart, head_octets
from tests.reaching import reach
from tests.web.wire import App, held, request


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_the_date_is_that_of_the_present_second() -> None:
    clock = Clock(1_795_629_599.9)
    date = DateHeader(clock)

    date.renew()
    assert date.line == b"date: Wed, 25 Nov 2026 17:59:59 GMT\r\n"
    clock.now += 0.2
    date.renew()
    assert date.line == b"date: Wed, 25 Nov 2026 18:00:00 GMT\r\n"
    assert date.header == [(b"date", b"Wed, 25 Nov 2026 18:00:00 GMT")]
    # A clock that is set back is followed too.
    clock.now -= 86_400
    date.renew()
    assert date.line == b"date: Tue, 24 Nov 2026 18:00:00 GMT\r\n"


def test_a_prepared_start_is_the_mapping_that_any_server_takes() -> None:
    start = PreparedStart(200, [(b"etag", b'"1"'), (b"content-length", b"2")])

    assert start == {
        "type": "http.response.start",
        "status": 200,
        "headers": [(b"etag", b'"1"'), (b"content-length", b"2")],
    }
    assert start.head == b'HTTP/1.1 200 OK\r\netag: "1"\r\ncontent-length: 2\r\n'


def test_every_refusal_has_its_phrase() -> None:
    assert head_octets(431, []) == b"HTTP/1.1 431 Request Header Fields Too Large\r\n"


async def test_the_date_is_looked_up_when_the_answer_is_sent() -> None:
    app = App()
    connection = held(app)
    dates = []
    for path in ("/prepared", "/plain"):
        connection.date_clock.now += 60
        connection.transport.sent.clear()
        connection.receive(request(path))
        connection.date_clock.now += 1
        await reach(lambda: connection.transport.sent, pause=0)
        dates.append(bytes(connection.transport.sent).partition(b"date: ")[2].partition(b"\r\n")[0])

    assert dates == [b"Thu, 01 Jan 1970 00:01:01 GMT", b"Thu, 01 Jan 1970 00:02:02 GMT"]
