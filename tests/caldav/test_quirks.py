import ast
from pathlib import Path

import pytest

from service.caldav.quirks import QUIRKS, active, describe, recognize, unknown

TESTS = Path(__file__).parent


def test_every_quirk_has_a_test_of_its_own() -> None:
    names = {
        node.name
        for file in TESTS.glob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {quirk.test for quirk in QUIRKS} <= names


def test_every_quirk_is_named_once_and_tells_where_it_is_told() -> None:
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)
    assert all(quirk.link.startswith("https://") and quirk.about.endswith(".") for quirk in QUIRKS)


def test_every_server_with_a_quirk_has_a_page() -> None:
    pages = "".join(
        page.read_text(encoding="utf-8") for page in (TESTS.parent.parent / "docs/servers").glob("*.md")
    )

    assert all(quirk.name in pages for quirk in QUIRKS)
    assert all(server in pages for quirk in QUIRKS for server in quirk.servers)


def test_an_operator_switches_quirks_on_and_off() -> None:
    assert "one-writer" in active("Xandikos")
    assert active("Xandikos", ["-one-writer", "trash-bin"]) == {"trash-bin"}
    assert active("") == frozenset()
    assert unknown(["-one-writer", "no-such"]) == ["no-such"]
    assert [quirk.name for quirk in describe({"trash-bin", "one-writer"})] == ["one-writer", "trash-bin"]


@pytest.mark.parametrize(
    ("url", "headers", "server"),
    [
        (
            "https://cloud.example.org/remote.php/dav/",
            {"dav": "1, 3, nextcloud-checksum-update"},
            "Nextcloud",
        ),
        ("https://example.org/SOGo/dav/alice/", {}, "SOGo"),
        ("https://example.org/caldav.php/", {"x-davical-version": "1.1"}, "DAViCal"),
        ("https://example.org/dav/", {"server": "Cyrus-HTTP/3.6"}, "Cyrus"),
        ("https://example.org/dav.php/", {"x-sabre-version": "4.6"}, "Baikal"),
        ("https://example.org/", {"x-sabre-version": "4.6"}, "sabre/dav"),
        ("http://127.0.0.1:5232/", {"server": "WSGIServer/0.2 CPython/3.11"}, "Radicale"),
        ("http://127.0.0.1:8000/", {"server": "Python/3.11 aiohttp/3.14"}, "Xandikos"),
        ("https://apidata.googleusercontent.com/caldav/v2/x/", {}, "Google"),
        ("https://caldav.icloud.com/", {}, "iCloud"),
        ("https://p07-caldav.icloud.com/1/", {}, "iCloud"),
        ("https://calendar.mail.ru/", {}, "Mail.ru"),
        ("https://caldav.yandex.ru/", {}, "Yandex"),
        ("https://posteo.de:8443/", {}, "Posteo"),
        ("https://example.org/", {"server": "nginx"}, ""),
    ],
)
def test_servers_are_recognized_by_what_they_say(url: str, headers: dict[str, str], server: str) -> None:
    assert recognize(url, headers) == server
