import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from service.trueconf.discovery import (
    DiscoveryFailed,
    EndpointAddress,
    Fetch,
    check_url,
    endpoint_of,
    place,
    without_pin,
)

SAMPLE = Path(__file__).parents[1] / "data" / "samples" / "30_discovery_config.json"


def serving(body: bytes, asked: list[str] | None = None) -> Callable[[str], Awaitable[bytes]]:
    async def fetch(url: str) -> bytes:
        if asked is not None:
            asked.append(url)
        return body

    return fetch


async def websocket_url(url: str, fetch: Fetch) -> str:
    return (await endpoint_of(url, fetch)).address


async def unreachable(url: str) -> bytes:
    raise ConnectionRefusedError(f"refused {url.count('/')}")


@pytest.mark.parametrize(
    ("url", "asked", "found"),
    [
        ("http://10.0.0.5", "http://10.0.0.5/public/default/config.json", "ws://10.0.0.5:8765"),
        ("http://10.0.0.5:81/", "http://10.0.0.5:81/public/default/config.json", "ws://10.0.0.5:8765"),
        (
            "https://room.example/lobby/",
            "https://room.example/lobby/public/default/config.json",
            "wss://room.example:8765",
        ),
        ("http://[fe80::1]:80", "http://[fe80::1]:80/public/default/config.json", "ws://[fe80::1]:8765"),
    ],
)
async def test_the_port_is_asked_on_the_web_page_of_the_endpoint(url: str, asked: str, found: str) -> None:
    requests: list[str] = []

    assert await websocket_url(url, serving(SAMPLE.read_bytes(), requests)) == found
    assert requests == [asked]


@pytest.mark.parametrize("url", ["ws://10.0.0.5:8765", "wss://proxy.example/room/1?x=y"])
async def test_a_websocket_address_is_used_as_it_is(url: str) -> None:
    assert await websocket_url(check_url(url), unreachable) == url


@pytest.mark.parametrize("port", ["9000", 9000])
async def test_the_port_may_be_digits(port: Any) -> None:
    body = json.dumps({"config": {"websocket": {"port": port}}}).encode()

    assert await websocket_url("http://room", serving(body)) == "ws://room:9000"


@pytest.mark.parametrize("port", [0, -1, 65536, True, None, "", "٣", "1e3", 8765.5, [8765]])
async def test_an_impossible_port_is_told_with_what_to_do(port: Any) -> None:
    body = json.dumps({"config": {"websocket": {"port": port}}}).encode()

    with pytest.raises(DiscoveryFailed, match=r"^room answered .* from 1 to 65535; check that the port"):
        await websocket_url("http://room", serving(body))


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff", b"[" * 100_000, b"[]", b"{}", b'{"config":null}'])
async def test_a_page_that_is_something_else_is_told_with_what_to_do(body: bytes) -> None:
    with pytest.raises(DiscoveryFailed, match=r"^room:81 answered /public/default/config.json with no "):
        await websocket_url("http://room:81", serving(body))


async def test_warnings_before_the_json_are_told_by_their_first_words() -> None:
    body = (
        b"<br />\n<b>Warning</b>: Undefined variable $x in /var/www/config.php on line 3\n"
        + SAMPLE.read_bytes()
    )

    with pytest.raises(DiscoveryFailed) as told:
        await websocket_url("http://room:81", serving(body))

    assert 'no JSON: it begins with "Warning: Undefined variable $x in /var/www/config.php' in str(told.value)


async def test_a_secret_in_an_answer_that_is_no_json_is_not_repeated() -> None:
    with pytest.raises(DiscoveryFailed) as told:
        await websocket_url("http://room", serving(b"wrong pin: ABC123, go away"))

    assert 'it begins with "wrong pin ***' in str(told.value)


class Panel:
    """The web page of an endpoint at `root`, and the addresses that were asked."""

    def __init__(self, root: str) -> None:
        self._answers = {f"{root}/public/default/config.json": SAMPLE.read_bytes()}
        self.asked: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self._answers:
            raise ConnectionError("it answered with status 404")
        return self._answers[url]


@pytest.mark.parametrize("path", ["ABC123", "ABC", "abc123/", "0042"])
async def test_the_pin_is_taken_from_the_address_on_the_main_screen(path: str) -> None:
    panel = Panel("http://10.1.1.10:80")

    found = await endpoint_of(check_url(f"http://10.1.1.10:80/{path}"), panel.fetch)

    assert found == EndpointAddress("ws://10.1.1.10:8765", pin=path.strip("/"))


def test_what_may_be_a_pin_in_an_address_is_not_shown() -> None:
    assert without_pin("http://10.1.1.10:80/ABC123") == "http://10.1.1.10:80/***"
    assert without_pin("ws://10.1.1.10:8765/room/1") == "ws://10.1.1.10:8765/room/1"


async def test_a_path_behind_which_the_endpoint_is_holds_no_pin() -> None:
    panel = Panel("https://proxy.example/lobby")

    found = await endpoint_of("https://proxy.example/lobby", panel.fetch)

    assert found == EndpointAddress("wss://proxy.example:8765")
    assert len(panel.asked) == 1


@pytest.mark.parametrize("path", ["a/b", "x-y", "AB", "A" * 17])
async def test_a_path_that_is_nothing_like_a_pin_is_none(path: str) -> None:
    panel = Panel("http://room")

    with pytest.raises(DiscoveryFailed, match="status 404"):
        await endpoint_of(f"http://room/{path}", panel.fetch)
    assert len(panel.asked) == 1


async def test_another_web_server_is_not_taken_for_an_endpoint_that_has_to_be_started() -> None:
    with pytest.raises(
        DiscoveryFailed, match="status 404; check that the port is that of TrueConf Room's"
    ) as it:
        await endpoint_of("http://room", Panel("http://elsewhere").fetch)

    assert "start TrueConf Room" not in str(it.value)


async def test_an_endpoint_that_is_away_is_not_asked_twice_for_the_pin_in_its_address() -> None:
    asked: list[str] = []

    async def fetch(url: str) -> bytes:
        asked.append(url)
        raise ConnectionRefusedError("refused")

    with pytest.raises(DiscoveryFailed) as told:
        await endpoint_of("http://room/ABC123", fetch)

    assert len(asked) == 1
    assert "ABC123" not in str(told.value)


async def test_an_unreachable_page_is_told_with_what_to_do() -> None:
    with pytest.raises(
        DiscoveryFailed, match=r"^room did not give its WebSocket port .*: refused 5; start TrueConf"
    ):
        await websocket_url("http://room", unreachable)


@pytest.mark.parametrize(
    "url",
    [
        "ws://10.0.0.5:8765",
        "wss://room.example",
        "wss://room.example/a",
        "http://room",
        " https://room:8443 ",
    ],
)
def test_the_documented_forms_of_an_address_are_accepted(url: str) -> None:
    assert check_url(url) == url.strip()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "must begin with ws://"),
        ("10.0.0.5", "must begin with ws://"),
        ("ftp://room", "must begin with ws://"),
        ("http://", "names no host"),
        ("ws://:8765", "names no host"),
        ("ws://room", "names no port; write ws://room:8765"),
        ("http://room:99999", "host or port cannot be read"),
        ("http://room:x", "host or port cannot be read"),
        ("http://[room", "host or port cannot be read"),
        ("ws://fd00::5:8765", r"in brackets; write it as ws://\[fd00::5\]:8765"),
        ("http://room:0", "port 0"),
        ("http://a..b", "cannot be looked up"),
        ("ws://host name:8765", "a blank or a control character"),
        ("http://room/a\x01b", "a blank or a control character"),
        ("http://room/a\u2028b", "a blank or a control character"),
        ("http://user:secret@room", "holds a user or password"),
        ("ws://room:1/#top", "behind #"),
        ("http://room/?x=1", "behind [?]"),
    ],
)
def test_other_addresses_are_refused_with_what_to_write_instead(url: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as caught:
        check_url(url)

    assert "secret" not in str(caught.value)


def test_a_place_is_host_and_port_alone() -> None:
    assert place("wss://[::1]:8443/secret?token=1") == "[::1]:8443"
    assert place("http://room/x") == "room"
