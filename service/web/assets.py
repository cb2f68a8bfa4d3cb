"""
The files of `static/`: their addresses change with them, so browsers may keep each for good.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"

_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class Assets(StaticFiles):
    """
    Serves `static/`.
    """

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file with the headers that all of them have."""
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        # Nobody asks by date for what never changes; and a clock set back would have it lie in the future.
        if "last-modified" in response.headers:
            del response.headers["last-modified"]
        return response


def addresses(root: str) -> Callable[[str], str]:
    """
    Return what tells the address of a file by its name.
    """
    digests = {path.name: sha256(path.read_bytes()).hexdigest()[:10] for path in sorted(STATIC.iterdir())}

    def asset(name: str) -> str:
        return f"{root}/static/{name}?v={digests[name]}"

    return asset
