"""
The files of `static/`. Their addresses change with their content, so browsers may keep them for ever.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from service.web.compression import accepts_gzip, compress
from service.web.conditional import names_etag

STATIC = Path(__file__).parent / "static"

_SMALLEST = 9
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """
    One file, as it is and compressed.
    """

    digest: str
    media_type: str
    plain: bytes
    compressed: bytes


@cache
def read_assets() -> Mapping[str, Asset]:
    """Return the files by name: read and compressed once, for the life of the program."""
    return MappingProxyType({path.name: _read(path) for path in sorted(STATIC.iterdir())})


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    media_type = _MEDIA_TYPES[path.suffix]
    return Asset(sha256(plain).hexdigest()[:10], media_type, plain, compress(plain, _SMALLEST))


async def serve_asset(request: Request) -> Response:
    """Answer with the file that the path names, in the encoding that the client accepts."""
    asset = read_assets().get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
    # Each encoding has an ETag of its own (RFC 9110, 8.8.3.3). There is no Last-Modified: nobody asks by date
    # for what never changes, and a clock set back would have it lie in the future.
    etag = f'"{asset.digest}-gzip"' if compressed else f'"{asset.digest}"'
    headers = {**_HEADERS, "ETag": etag}
    if names_etag(request.headers.get("if-none-match", "").encode("latin-1"), etag.encode()):
        return Response(status_code=304, headers=headers)
    if not compressed:
        return Response(asset.plain, headers=headers, media_type=asset.media_type)
    headers["Content-Encoding"] = "gzip"
    return Response(asset.compressed, headers=headers, media_type=asset.media_type)


def addresses(root: str) -> Callable[[str], str]:
    """Return the function from the name of a file to its address."""
    assets = read_assets()

    def address(name: str) -> str:
        return f"{root}/static/{name}?v={assets[name].digest}"

    return address
