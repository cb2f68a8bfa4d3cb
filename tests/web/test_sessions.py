"""
The cookie that stands for the administrator.
"""

from datetime import timedelta
from itertools import count

import pytest

from service.web.sessions import LASTING, Sessions
from tests.web.given import SECRET, Clock

TOKEN = "the administrator's token"


def sessions(clock: Clock | None = None, *, token: str = TOKEN, secret: bytes = SECRET) -> Sessions:
    numbers = count(1)
    return Sessions(token, secret, clock=clock or Clock(), nonce=lambda: f"nonce{next(numbers)}")


def test_only_the_token_is_admitted() -> None:
    assert sessions().admits(TOKEN)
    for other in ("", TOKEN[:-1], TOKEN + "x", "\ud800", TOKEN.upper()):
        assert not sessions().admits(other)


def test_a_cookie_is_good_until_its_end() -> None:
    clock = Clock()
    known = sessions(clock)
    cookie = known.open()

    assert known.of(cookie)
    clock.now += LASTING - timedelta(seconds=1)
    assert known.of(cookie)
    clock.now += timedelta(seconds=1)
    assert known.of(cookie) is None


def test_a_cookie_outlives_a_restart_but_no_change_of_token_or_secret() -> None:
    cookie = sessions().open()

    assert sessions().of(cookie)
    assert sessions(token="another administrator's token").of(cookie) is None
    assert sessions(secret=b"another secret").of(cookie) is None


def test_a_cookie_that_was_changed_is_none() -> None:
    known = sessions()
    ends, nonce, mac = known.open().split(".")

    for forged in (
        f"{int(ends) + 1}.{nonce}.{mac}",
        f"{ends}.other.{mac}",
        f"{ends}.{nonce}.{mac[:-1]}",
        f"{ends}.{nonce}.",
        f"{ends}.{nonce}",
        f"{ends}.{nonce}.{mac}.x",
        "..",
        "",
        "\u00e9.\u00e9.\u00e9",
    ):
        assert known.of(forged) is None
    assert known.of(None) is None


def test_a_closed_session_is_over_for_whoever_copied_its_cookie() -> None:
    known = sessions()
    first, second = known.open(), known.open()
    session = known.of(first)
    assert session

    known.close(session)

    assert known.of(first) is None
    assert known.of(second)


def test_closed_sessions_do_not_pile_up() -> None:
    known = sessions()
    for _ in range(1500):
        session = known.of(known.open())
        assert session
        known.close(session)

    assert len(vars(known)["_closed"]) <= 1000


def test_the_token_of_a_form_belongs_to_one_session() -> None:
    known = sessions()
    mine, other = known.of(known.open()), known.of(known.open())
    assert mine
    assert other

    assert known.is_form_token(mine, known.form_token(mine))
    assert not known.is_form_token(other, known.form_token(mine))
    assert not known.is_form_token(mine, "")


@pytest.mark.parametrize("secret", [TOKEN, SECRET.decode()])
def test_a_cookie_tells_no_secret(secret: str) -> None:
    assert secret not in sessions().open()
