"""
The ways to subscribe: links exactly as each program documents them, and none that would not work.
"""

from urllib.parse import parse_qs, urlsplit

import pytest

from service.web.pages.devices import device_of
from service.web.pages.platforms import Obstacle, Platform, Way, is_private, platforms_on, ways
from tests.core.given import conference, listed
from tests.web.document import Document
from tests.web.given import Web, served

FEED = "https://calendars.example.com/feeds/T0ken-_x/ivanov-video.example.com.ics"
TITLE = "TrueConf: Иванов & Co"

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"
IPHONE_CHROME = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1"
)
IPAD_CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 CriOS/130 Safari/605.1.15"
"""As it is where the pages of a desktop are asked for."""

ANDROID = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
ANDROID_GOOGLE = f"{ANDROID} GSA/15.40.33"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
CHROMEBOOK = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def way(platform: Platform, *, feed: str = FEED, agent: str = WINDOWS) -> Way:
    return next(each for each in ways(feed, TITLE, device_of(agent)) if each.platform is platform)


def card(text: str, platform: Platform) -> str:
    """Return what the page says of one way."""
    return text.partition(f'data-way="{platform}"')[2].partition("data-way=")[0]


def subscribing(text: str) -> Document:
    """Return the part of the page with the viewer's own way."""
    return Document(text.partition('id="subscribe"')[2].partition("</section>")[0])


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
    assert way(platform, agent="").link == link


def test_a_title_cannot_add_to_a_link() -> None:
    link = next(
        w
        for w in ways(FEED, "a&url=https://evil#x", device_of(WINDOWS))
        if w.platform is Platform.OUTLOOK_COM
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
        (IPAD_CHROME, Platform.APPLE),
        (ANDROID, Platform.ICSX5),
        (ANDROID_GOOGLE, Platform.ICSX5),
        (LINUX, Platform.THUNDERBIRD),
        (CHROMEBOOK, Platform.GOOGLE),
        ("", Platform.OTHER),
        ("curl/8.9", Platform.OTHER),
    ],
)
def test_the_platform_at_hand_comes_first_and_all_others_follow(agent: str, platform: Platform) -> None:
    found = ways(FEED, TITLE, device_of(agent))

    assert platforms_on(device_of(agent).system) == (platform,)
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
    found = way(platform, feed=f"{host}/feeds/T/all.ics", agent=LINUX)

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
    found = way(platform, feed=f"{host}/feeds/T/all.ics", agent="")

    assert found.obstacle is obstacle
    assert bool(found.link) is (obstacle is None)


@pytest.mark.parametrize("agent", [IPHONE_CHROME, IPAD_CHROME])
def test_on_ios_only_safari_is_given_webcal(agent: str) -> None:
    assert way(Platform.APPLE, agent=IPHONE).link
    assert way(Platform.APPLE, agent=agent).obstacle is Obstacle.NOT_SAFARI


@pytest.mark.parametrize(
    ("platform", "agents", "elsewhere"),
    [
        (Platform.APPLE, [MAC, IPHONE, ""], [WINDOWS, ANDROID, ANDROID_GOOGLE, LINUX, CHROMEBOOK]),
        (Platform.OUTLOOK, [WINDOWS, ""], [MAC, IPHONE, IPHONE_CHROME, ANDROID, LINUX, CHROMEBOOK]),
    ],
)
def test_webcal_is_offered_where_it_leads_to_the_program_it_is_named_for(
    platform: Platform, agents: list[str], elsewhere: list[str]
) -> None:
    assert all(way(platform, agent=agent).link for agent in agents)
    assert {way(platform, agent=agent).obstacle for agent in elsewhere} == {Obstacle.ELSEWHERE}


async def test_a_link_that_would_lead_to_another_program_says_where_it_works(web: Web) -> None:
    on_iphone = (await web.page(user_agent=IPHONE)).text
    on_windows = (await web.page(user_agent=WINDOWS)).text

    assert "Open this page on a computer with Windows" in card(on_iphone, Platform.OUTLOOK)
    assert "webcal:" not in card(on_iphone, Platform.OUTLOOK)
    assert "Open this page on a Mac, an iPhone or an iPad" in card(on_windows, Platform.APPLE)


@pytest.mark.parametrize(
    ("agent", "step"),
    [
        (MAC, "choose File, then New Calendar Subscription"),
        (IPHONE, "tap Calendars, Add Calendar, Add Subscription Calendar"),
        (IPHONE_CHROME, "tap Calendars, Add Calendar, Add Subscription Calendar"),
        (WINDOWS, "choose Open Calendar, then From Internet"),
        (CHROMEBOOK, "choose the plus sign, then From URL"),
        (ANDROID, "Install ICSx5"),
        (LINUX, "choose New Calendar, then On the Network"),
        ("", "Look for Subscribe, From URL"),
    ],
)
async def test_whatever_happens_to_the_link_the_steps_of_the_viewers_own_program_are_at_hand(
    web: Web, agent: str, step: str
) -> None:
    assert step in subscribing((await web.page(user_agent=agent)).text).words


async def test_on_a_mac_the_page_says_in_the_open_how_to_have_it_updated_more_than_weekly(web: Web) -> None:
    on_mac = (await web.page(user_agent=MAC)).text
    on_iphone = (await web.page(user_agent=IPHONE)).text

    assert "set Auto-refresh to every hour" in on_mac.partition("If nothing opens")[0]
    assert "set Auto-refresh to every hour" not in on_iphone.partition("If nothing opens")[0]


async def test_on_windows_both_outlooks_are_equal_first_choices(web: Web) -> None:
    found = ways(FEED, TITLE, device_of(WINDOWS))
    first = subscribing((await web.page(user_agent=WINDOWS)).text.partition('id="ways"')[0])

    assert [each.platform for each in found if each.detected] == [Platform.MICROSOFT_365, Platform.OUTLOOK]
    assert "Add to new Outlook or Microsoft 365" in first.words
    assert "Add to classic Outlook" in first.words
    assert [link[:7] for link in first.links] == ["https:/", "webcal:"]


async def test_beside_googles_link_is_the_way_by_url_which_always_works(web: Web) -> None:
    for agent in (CHROMEBOOK, WINDOWS):
        said = card((await web.page(user_agent=agent)).text, Platform.GOOGLE)
        assert 'href="https://calendar.google.com/calendar/r?cid=' in said
        assert 'href="https://calendar.google.com/calendar/u/0/r/settings/addbyurl"' in said
    assert "addbyurl" not in (await web.page(user_agent=IPHONE)).text


async def test_of_a_cloud_that_cannot_fetch_it_is_not_told_how_often_it_does() -> None:
    async with served(public_url="http://10.0.0.15:8080") as web:
        await web.accept(listed(conference()))
        of_mac = (await web.page(user_agent=MAC)).text
        of_chromebook = (await web.page(user_agent=CHROMEBOOK)).text

    for said in (card(of_mac, Platform.MICROSOFT_365), card(of_chromebook, Platform.GOOGLE)):
        assert "Its servers cannot reach this address" in said
        assert "Updates" not in said
        assert "Its servers fetch the calendar" not in said


async def test_whoever_has_not_subscribed_sees_how_to_before_the_schedule_and_whoever_has_after_it(
    web: Web,
) -> None:
    def places(text: str) -> list[str]:
        parts = ("subscribe", "next", "ways", "help", "schedule")
        return sorted(parts, key=lambda part: text.index(f'id="{part}"'))

    before = await web.page()
    said = await web.page(query="?subscribed=1")
    after = await web.page(cookie="confcal_subscribed=1")

    assert places(before.text) == ["next", "subscribe", "ways", "schedule", "help"]
    assert places(said.text) == places(after.text) == ["next", "schedule", "subscribe", "ways", "help"]
    assert "Subscribe on another device" in Document(after.text).words


async def test_having_subscribed_is_remembered_for_this_page_alone_and_can_be_forgotten(web: Web) -> None:
    kept = (await web.page(query="?subscribed=1")).headers["set-cookie"]
    forgotten = (await web.page(query="?subscribed=0", cookie="confcal_subscribed=1")).headers["set-cookie"]

    path = f"/calendars/{web.feeds.addresses.tokens['all']}"
    assert f"confcal_subscribed=1; Max-Age=31536000; Path={path}; SameSite=lax; Secure" == kept
    assert "Max-Age=0" in forgotten
    assert "set-cookie" not in (await web.page(query="?subscribed=yes")).headers


async def test_a_camera_is_warned_of_the_code_that_an_iphone_imports_once(web: Web) -> None:
    caption = (await web.page()).text.partition("QR code of the calendar's address")[2]

    assert "an iPhone would import it only once" in caption.partition("</figure>")[0]


@pytest.mark.parametrize("agent", [IPHONE, IPAD_CHROME, ANDROID])
def test_clouds_that_take_calendars_on_a_computer_only_say_so_on_a_phone(agent: str) -> None:
    for platform in (Platform.GOOGLE, Platform.OUTLOOK_COM, Platform.MICROSOFT_365):
        assert way(platform, agent=agent).obstacle is Obstacle.PHONE
        assert not way(platform, agent=agent).hopeless
    assert way(Platform.YANDEX, agent=agent).obstacle is None
