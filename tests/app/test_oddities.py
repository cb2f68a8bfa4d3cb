"""
A source that shows many users in a day is odd.
"""

from datetime import datetime, timedelta

from structlog.testing import capture_logs

from service.app.oddities import Oddities, accounts_shown, oddness_of
from service.core.account_state import AccountState
from service.core.conference import Account
from service.core.state import State
from tests.core.given import NOW, SERVER

HOUR = timedelta(hours=1)


def shown(count: int, at: datetime = NOW, source: str = "lobby") -> State:
    accounts = [Account(f"user{number}", SERVER) for number in range(count)]
    return State().replace_accounts(AccountState(each, list_at=at, source=source) for each in accounts)


def test_twenty_users_in_a_day_are_not_odd_and_one_more_is() -> None:
    assert oddness_of(shown(20), "lobby", NOW) == ""
    assert oddness_of(shown(21), "lobby", NOW) == (
        "it showed 21 different users within a day; see who logs in there, or set the ACCOUNT of the source"
    )


def test_users_of_other_days_and_of_other_sources_do_not_count() -> None:
    assert accounts_shown(shown(30), "lobby", NOW + 24 * HOUR) == 0
    assert accounts_shown(shown(30), "lobby", NOW + 23 * HOUR) == 30
    assert accounts_shown(shown(30), "hall", NOW) == 0


def test_an_odd_source_is_logged_once_a_day() -> None:
    oddities = Oddities(lambda: shown(21, now))
    now = NOW
    with capture_logs() as logs:
        for hours in (0, 1, 23, 24, 25, 49):
            now = NOW + hours * HOUR
            oddities.report("lobby", now)

    assert [(each["event"], each["source"], each["accounts"]) for each in logs] == [
        ("source.many_accounts", "lobby", 21)
    ] * 3
