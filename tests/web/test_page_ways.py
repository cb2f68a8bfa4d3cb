"""
The ways to subscribe: links exactly as each program documents them, and none that would not work.
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from service.web.platforms import Obstacle, Platform, Way, is_private, platform_of, ways

FEED = "https://calendars.example.com/feeds/T0ken-_x/ivanov-video.example.com.ics"
TITLE = "TrueConf: Иванов & Co"

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
IPHONE_CHROME = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1"
)
ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
CHROMEBOOK = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def way(platform: Platform, *, feed: str = FEED, agent: str = WINDOWS) -> Way:
    return next(each for each in ways(feed, TITLE, agent) if each.platform is platform)


@pytest.mark.parametrize(
    ("platform", "link"),
    [
        (Platform.APPLE, "webcal://calendars.example.com/feeds/T0ken-_x/ivanov-video.example.com.ics"),
        (Platform.OUTLOOK, "webcal://calendars.example.com/feeds/T0ken-_x/ivanov-video.example.com.ics"),
        (
            Platform.GOOGLE,
            (
                "https://calendar.google.com/calendar/r?cid="
                "webcal%3A%2F%2Fcalendars.example.com%2Ffeeds%2FT0ken-_x%2Fivanov-video.example.com.ics"
            ),
        ),
        (
            Platform.OUTLOOK_COM,
            (
                "https://outlook.live.com/calendar/0/addfromweb/?url="
                "webcal%3A%2F%2Fcalendars.example.com%2Ffeeds%2FT0ken-_x%2Fivanov-video.example.com.ics"
                "&name=TrueConf%3A%20%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%20%26%20Co"
            ),
        ),
        (
            Platform.MICROSOFT_365,
            (
                "https://outlook.office.com/calendar/0/addfromweb/?url="
                "webcal%3A%2F%2Fcalendars.example.com%2Ffeeds%2FT0ken-_x%2Fivanov-video.example.com.ics"
                "&name=TrueConf%3A%20%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%20%26%20Co"
            ),
        ),
    ],
)
def test_a_deep_link_is_what_the_program_documents(platform: Platform, link: str) -> None:
    assert way(platform).link == link


def test_a_title_cannot_add_to_a_link() -> None:
    link = next(
        w for w in ways(FEED, "a&url=https://evil#x", WINDOWS) if w.platform is Platform.OUTLOOK_COM
    ).link

    assert parse_qs(urlsplit(link).query) == {
        "url": [FEED.replace("https:", "webcal:")],
        "name": ["a&url=https://evil#x"],
    }


@pytest.mark.parametrize(
    "platform",
    [
        Platform.THUNDERBIRD,
        Platform.GNOME,
        Platform.NEXTCLOUD,
        Platform.YANDEX,
        Platform.ICSX5,
        Platform.OTHER,
    ],
)
def test_programs_that_read_webcal_as_plain_http_are_given_no_link(platform: Platform) -> None:
    assert way(platform) == Way(platform)


@pytest.mark.parametrize(
    ("agent", "platform"),
    [
        (MAC, Platform.APPLE),
        (IPHONE, Platform.APPLE),
        (ANDROID, Platform.ICSX5),
        (WINDOWS, Platform.OUTLOOK),
        (LINUX, Platform.THUNDERBIRD),
        (CHROMEBOOK, Platform.GOOGLE),
        ("", Platform.OTHER),
        ("curl/8.9", Platform.OTHER),
    ],
)
def test_the_platform_at_hand_comes_first_and_all_others_follow(agent: str, platform: Platform) -> None:
    found = ways(FEED, TITLE, agent)

    assert platform_of(agent) is platform
    assert [each.platform for each in found if each.detected] == [platform]
    assert found[0].platform is platform
    assert {each.platform for each in found} == set(Platform)


@pytest.mark.parametrize(
    "platform", [Platform.GOOGLE, Platform.OUTLOOK_COM, Platform.MICROSOFT_365, Platform.YANDEX]
)
@pytest.mark.parametrize(
    ("host", "obstacle"),
    [
        ("https://127.0.0.1:8080", Obstacle.PRIVATE),
        ("https://10.0.0.15", Obstacle.PRIVATE),
        ("https://[fd00::1]", Obstacle.PRIVATE),
        ("https://calendars", Obstacle.PRIVATE),
        ("https://calendars.corp", Obstacle.PRIVATE),
        ("http://calendars.local", Obstacle.PRIVATE),
        ("http://calendars.example.com", Obstacle.PLAIN_HTTP),
    ],
)
def test_clouds_are_out_of_reach_of_private_and_insecure_addresses(
    platform: Platform, host: str, obstacle: Obstacle
) -> None:
    found = way(platform, feed=f"{host}/feeds/T/all.ics")

    assert found == Way(platform, "", obstacle)
    assert found.hopeless


def test_public_addresses_are_not_private() -> None:
    hosts = ("calendars.example.com", "example.com.", "8.8.8.8", "2606:4700::1111", "corp.example.com")

    assert [host for host in hosts if is_private(host)] == []


@pytest.mark.parametrize("platform", [Platform.APPLE, Platform.OUTLOOK])
@pytest.mark.parametrize(
    ("host", "obstacle"),
    [
        ("http://calendars.example.com", Obstacle.PLAIN_HTTP),
        ("https://calendars.example.com:8443", Obstacle.PORT),
        ("https://calendars.example.com:443", None),
        ("https://10.0.0.15", None),
    ],
)
def test_webcal_is_offered_where_it_means_https_only(
    platform: Platform, host: str, obstacle: Obstacle | None
) -> None:
    found = way(platform, feed=f"{host}/feeds/T/all.ics")

    assert found.obstacle is obstacle
    assert bool(found.link) is (obstacle is None)


def test_on_ios_only_safari_is_given_webcal() -> None:
    assert way(Platform.APPLE, agent=IPHONE).link
    assert way(Platform.APPLE, agent=IPHONE_CHROME).obstacle is Obstacle.NOT_SAFARI


@pytest.mark.parametrize("agent", [IPHONE, ANDROID])
def test_clouds_that_take_calendars_on_a_computer_only_say_so_on_a_phone(agent: str) -> None:
    for platform in (Platform.GOOGLE, Platform.OUTLOOK_COM, Platform.MICROSOFT_365):
        assert way(platform, agent=agent).obstacle is Obstacle.PHONE
        assert not way(platform, agent=agent).hopeless
    assert way(Platform.YANDEX, agent=agent).obstacle is None
