"""
What a browser does on the administrator's pages, in words.
"""

import re

import httpx

from tests.web.administered import TOKEN, Administered


async def sign_in(site: Administered, token: str = TOKEN) -> httpx.Response:
    return await site.client.post("/sign-in", data={"token": token})


async def dashboard(site: Administered, path: str = "/") -> str:
    """Return a page, by default the overview, of whoever signs in now."""
    await sign_in(site)
    page = await site.client.get(path)
    assert page.status_code == 200
    return page.text


async def form_token(site: Administered) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', await dashboard(site))
    assert found
    return found[1]
