"""
The cookie that stands for the administrator.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count

import pytest

from service.core.errors import StoreUnavailable
from service.core.ports import ClosedSessions
from service.web.admin.sessions import LASTING, AdminSession, AdminSessions
from tests.core.given import NOW
from tests.store.memory_sessions import MemoryClosedSessions
from tests.web.given import SECRET, Clock

TOKEN = "the administrator's token"


class FailingMemory(MemoryClosedSessions):
    """A memory that cannot be used while `failing`."""

    failing = False

    async def close(self, sessions: Mapping[str, datetime], *, now: datetime) -> None:
        self._try()
        await super().close(sessions, now=now)

    async def is_closed(self, session: str) -> bool:
        self._try()
        return await super().is_closed(session)

    def _try(self) -> None:
        if self.failing:
            raise StoreUnavailable("the disk is gone")


def sessions(
    clock: Clock | None = None,
    *,
    token: str = TOKEN,
    secret: bytes = SECRET,
    closed: ClosedSessions | None = None,
) -> AdminSessions:
    numbers = count(1)
    return AdminSessions(
        token,
        secret,
        closed or MemoryClosedSessions(),
        clock=clock or Clock(),
        nonce=lambda: f"nonce{next(numbers)}",
    )


def test_only_the_token_is_admitted() -> None:
    assert sessions().admits(TOKEN)
    for other in ("", TOKEN[:-1], TOKEN + "x", "\ud800", TOKEN.upper()):
        assert not sessions().admits(other)


async def test_a_cookie_is_good_until_its_end() -> None:
    clock = Clock()
    known = sessions(clock)
    cookie = known.open()

    assert await known.of(cookie)
    clock.now += LASTING - timedelta(seconds=1)
    assert await known.of(cookie)
    clock.now += timedelta(seconds=1)
    assert await known.of(cookie) is None


async def test_a_cookie_outlives_a_restart_but_no_change_of_token_or_secret() -> None:
    cookie = sessions().open()

    assert await sessions().of(cookie)
    assert await sessions(token="another administrator's token").of(cookie) is None
    assert await sessions(secret=b"another secret").of(cookie) is None


async def test_a_cookie_that_was_changed_is_none() -> None:
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
        assert await known.of(forged) is None
    assert await known.of(None) is None


async def test_a_closed_session_is_over_for_whoever_copied_its_cookie() -> None:
    known = sessions()
    first, second = known.open(), known.open()
    session = await known.of(first)
    assert session

    await known.close(session)

    assert await known.of(first) is None
    assert await known.of(second)


async def test_closed_sessions_do_not_pile_up() -> None:
    known = sessions()
    for _ in range(1500):
        session = await known.of(known.open())
        assert session
        await known.close(session)

    assert len(vars(known)["_closed"]) <= 1000


async def test_the_token_of_a_form_belongs_to_one_session() -> None:
    known = sessions()
    mine, other = await known.of(known.open()), await known.of(known.open())
    assert mine
    assert other

    assert known.is_form_token(mine, known.form_token(mine))
    assert not known.is_form_token(other, known.form_token(mine))
    assert not known.is_form_token(mine, "")


@pytest.mark.parametrize("secret", [TOKEN, SECRET.decode()])
def test_a_cookie_tells_no_secret(secret: str) -> None:
    assert secret not in sessions().open()


async def test_a_closed_session_stays_closed_over_a_restart_and_in_other_processes() -> None:
    closed = MemoryClosedSessions()
    before = sessions(closed=closed)
    cookie = before.open()
    session = await before.of(cookie)
    assert session

    await before.close(session)

    assert await sessions(closed=closed).of(cookie) is None


async def test_a_sign_out_while_the_database_is_away_holds_and_is_kept_later() -> None:
    closed = FailingMemory()
    known = sessions(closed=closed)
    cookie, other = known.open(), known.open()
    session = await known.of(cookie)
    assert session

    closed.failing = True
    await known.close(session)
    assert await known.of(cookie) is None
    assert await known.of(other)

    closed.failing = False
    assert await known.of(other)
    assert await sessions(closed=closed).of(cookie) is None


def test_a_signed_text_is_believed_in_its_own_session_alone() -> None:
    known = sessions()
    mine, other = AdminSession("mine", NOW), AdminSession("other", NOW)
    signed = known.sign(mine, "a.text.with.dots")

    assert known.read_signed(mine, signed) == "a.text.with.dots"
    for session, text in ((other, signed), (mine, f"{signed}x"), (mine, "text"), (mine, ""), (mine, "é.x")):
        assert known.read_signed(session, text) is None
