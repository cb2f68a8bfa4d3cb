"""
What all pages have in common.
"""

from starlette.requests import Request
from starlette.responses import Response

from service.web.pages.errors import ErrorPages
from service.web.renderer import Pages
from tests.web.catalogues import catalogues
from tests.web.given import Web


def given_pages(public_url: str = "https://example.com/confcal/") -> Pages:
    return Pages(catalogues(), language="en", timezone="Europe/Moscow", public_url=public_url)


def rendered(query: str = "", *, public_url: str = "https://example.com/confcal/") -> Response:
    pages = given_pages(public_url)
    scope = {"type": "http", "path": "/x", "query_string": query.encode(), "headers": []}
    return pages.render(Request(scope), "error.html", {"status": 404, "reason": "missing"}, status_code=404)


def test_behind_a_path_of_a_proxy_everything_is_asked_for_under_that_path() -> None:
    response = rendered("lang=ru")

    assert b'href="/confcal/static/page.css?v=' in response.body
    assert b'data-cookie-path="/confcal"' in response.body
    assert "Path=/confcal;" in response.headers["set-cookie"]


def test_without_a_path_it_is_the_root() -> None:
    response = rendered("lang=ru", public_url="https://example.com")

    assert b'href="/static/page.css?v=' in response.body
    assert "Path=/;" in response.headers["set-cookie"]


def test_no_page_may_be_kept_or_framed_or_found() -> None:
    headers = rendered().headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["x-robots-tag"] == "noindex, nofollow"
    assert headers["vary"] == "Accept-Language, Cookie"


async def test_an_address_that_leads_nowhere_has_a_page_too(web: Web) -> None:
    for path in ("/nothing", "/calendars/", "/static/nothing.css"):
        response = await web.client.get(path)

        assert response.status_code == 404
        assert "There is no such page" in response.text
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_a_crash_tells_nothing_of_itself() -> None:
    request = Request({"type": "http", "path": "/x", "query_string": b"", "headers": []})

    response = ErrorPages(given_pages()).crash(request, RuntimeError("what only the log may know"))

    assert response.status_code == 500
    assert b"only the log" not in response.body
    assert b"Something went wrong" in response.body
