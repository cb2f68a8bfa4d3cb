"""
Who fetches which calendar, counted without keeping who it was.
"""

from datetime import datetime, timedelta

import pytest
from starlette.types import Scope

from service.web.access_stats import AccessStats
from service.web.network import Networks
from tests.core.given import NOW

HOUR = timedelta(hours=1)


def visited(
    stats: AccessStats, at: datetime, *clients: str, agent: bytes = b"Calendar/1", calendar: str = "all"
) -> None:
    for client in clients:
        scope: Scope = {"type": "http", "client": (client, 1), "headers": []}
        stats.note(calendar, scope, agent, at)


def test_a_network_with_a_program_is_one_subscriber() -> None:
    stats = AccessStats(Networks())
    visited(stats, NOW, "192.0.2.1", "192.0.2.2", "198.51.100.1")
    visited(stats, NOW, "192.0.2.1", agent=b"Other/1")

    assert stats.subscribers("all", NOW) == 3
    assert stats.requests(NOW) == {"all": 4}
    assert stats.subscribers("other", NOW) == 0


def test_a_subscriber_is_forgotten_after_two_days() -> None:
    stats = AccessStats(Networks())
    visited(stats, NOW, "192.0.2.1", "198.51.100.1")
    visited(stats, NOW + 47 * HOUR, "192.0.2.1")

    assert stats.subscribers("all", NOW + 47 * HOUR) == 2
    assert stats.subscribers("all", NOW + 50 * HOUR) == 1
    assert stats.subscribers("all", NOW + 96 * HOUR) == 0


def test_requests_are_those_of_the_last_day() -> None:
    stats = AccessStats(Networks())
    for hour in range(60):
        visited(stats, NOW + hour * HOUR, "192.0.2.1")

    assert stats.requests(NOW + 59 * HOUR) == {"all": 24}
    assert stats.requests(NOW + 90 * HOUR) == {}


def test_nothing_kept_names_an_address() -> None:
    stats = AccessStats(Networks())
    visited(stats, NOW, "192.0.2.1")

    assert "192.0.2" not in repr(vars(stats)["_clients"])


def test_the_number_of_clients_kept_is_bounded() -> None:
    stats = AccessStats(Networks(), most_clients=10)
    for number in range(50):
        visited(stats, NOW, f"10.0.{number}.1", calendar=f"c{number % 2}")

    assert stats.subscribers("c0", NOW) + stats.subscribers("c1", NOW) == 10
    assert stats.requests(NOW) == {"c0": 25, "c1": 25}


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        (b"Google-Calendar-Importer", "Google-Calendar-Importer"),
        (b"iOS/17.0 (21A329) dataaccessd/1.0", "iOS"),
        (b"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.3", "Thunderbird"),
        (b"Microsoft Office/16.0 (Windows NT 10.0; Outlook 16.0)", "Microsoft"),
        (b"<script>alert(1)</script>", "script"),
        (b"\xff\xfe", ""),
        (b"A" * 500, "A" * 40),
        (b"", ""),
    ],
)
def test_the_last_program_is_named_for_two_days(agent: bytes, program: str) -> None:
    stats = AccessStats(Networks())
    visited(stats, NOW - HOUR, "192.0.2.1", agent=b"Other/1")
    visited(stats, NOW, "192.0.2.1", agent=agent)

    assert stats.last_fetch("all", NOW + HOUR) == (NOW, program)
    assert stats.last_fetch("all", NOW + 48 * HOUR) is None
    assert stats.last_fetch("other", NOW) is None
