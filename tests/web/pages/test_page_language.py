"""
The language of a page: by the link, the cookie, the browser, the setting, in this order.
"""

import pytest
from babel import Locale

from service.web.language import choose_locale
from tests.core.given import conference, listed, many
from tests.web.catalogues import catalogues
from tests.web.document import Document
from tests.web.given import Web, served


@pytest.mark.parametrize(
    ("wanted", "header", "locale"),
    [
        (None, "", "en_GB"),
        (None, "ru", "ru_RU"),
        (None, "ru-RU,ru;q=0.9,en-US;q=0.8", "ru_RU"),
        (None, "ru-KZ", "ru_KZ"),
        (None, "en-US,en;q=0.9", "en_US"),
        (None, "de-DE,de;q=0.9,ru;q=0.5,en;q=0.4", "ru_RU"),
        (None, "en;q=0.2, ru;q=0.8", "ru_RU"),
        (None, "ru;q=0, en-CA", "en_CA"),
        (None, "*", "en_GB"),
        (None, "fr", "en_GB"),
        (None, "en-XX", "en_GB"),
        (None, "zh-Hant-TW, en-Latn-AU", "en_GB"),
        (None, ",;q=,=;" * 1000, "en_GB"),
        ("ru", "en-US", "ru_RU"),
        ("en", "ru-RU,en-US;q=0.5", "en_US"),
        ("xx", "ru", "ru_RU"),
        ("../en", "", "en_GB"),
    ],
)
def test_the_language_and_its_territory_are_those_that_fit_best(
    wanted: str | None, header: str, locale: str
) -> None:
    assert choose_locale(wanted, header, catalogues(), "en") == Locale.parse(locale)


def test_where_the_browser_says_nothing_the_setting_decides() -> None:
    assert choose_locale(None, "fr", catalogues(), "ru") == Locale.parse("ru_RU")


async def test_a_russian_browser_gets_a_russian_page(web: Web) -> None:
    response = await web.page(accept_language="ru-RU,ru;q=0.9,en;q=0.8")

    assert '<html lang="ru-RU"' in response.text
    assert response.headers["content-language"] == "ru"
    assert "Подписаться" in response.text
    assert "понедельник, 5 октября 2026" in response.text.replace("\xa0", " ").replace("\u202f", " ")


async def test_the_switch_stays_on_the_page_and_is_remembered(web: Web) -> None:
    english = Document((await web.page(query="?view=agenda&month=2026-11")).text)
    assert "?view=agenda&month=2026-11&lang=ru" in english.links

    switched = await web.page(query="?view=agenda&month=2026-11&lang=ru")
    cookie = switched.headers["set-cookie"]
    later = await web.page(cookie=cookie.partition(";")[0])

    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Подписаться" in switched.text
    assert "Ноябрь 2026" in switched.text
    assert '<html lang="ru-RU"' in later.text


async def test_a_language_that_there_is_not_sets_no_cookie(web: Web) -> None:
    response = await web.page(query="?lang=xx;evil=1")

    assert "set-cookie" not in response.headers
    assert '<html lang="en-GB"' in response.text


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "1 предстоящая конференция"),
        (2, "2 предстоящие конференции"),
        (5, "5 предстоящих конференций"),
        (11, "11 предстоящих конференций"),
        (21, "21 предстоящая конференция"),
        (22, "22 предстоящие конференции"),
        (112, "112 предстоящих конференций"),
    ],
)
async def test_russian_counts_right(empty_web: Web, count: int, words: str) -> None:
    await empty_web.accept(listed(*many(count)))

    assert words in Document((await empty_web.page(accept_language="ru")).text).words


async def test_in_russian_one_joins_a_conference_and_signs_in_nowhere(web: Web) -> None:
    words = Document((await web.page(accept_language="ru")).text).words

    assert "Подключиться" in words
    assert "Войти" not in words


async def test_in_russian_a_way_that_is_closed_is_said_to_be_closed() -> None:
    async with served(public_url="http://calendars.example.com") as plain:
        await plain.accept(listed(conference()))
        words = Document((await plain.page(accept_language="ru")).text).words

    assert "Подписаться в одно нажатие нельзя: адрес незащищённый (не https)." in words


async def test_in_russian_a_subscribed_calendar_needs_nobody_to_come_up_to_date(empty_web: Web) -> None:
    words = Document((await empty_web.page(accept_language="ru")).text).words

    assert "уже подписанный календарь обновится сам" in words


async def test_errors_speak_the_viewers_language(web: Web) -> None:
    response = await web.client.get("/calendars/nonsense", headers={"accept-language": "ru"})

    assert response.status_code == 404
    assert "Такого календаря нет" in response.text


async def test_a_topic_stays_as_it_is_in_every_language(web: Web) -> None:
    await web.accept(listed(conference("1", "Subscribe")))

    assert "Subscribe" in Document((await web.page(accept_language="ru", query="?month=2026-11")).text).told
