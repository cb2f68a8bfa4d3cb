"""
One operation against scripted answers, and what it is about.
"""

from typing import Any

from service.caldav.collection import Collection
from service.caldav.protocol import Request, Response
from service.caldav.writing import execute
from service.publishing.equivalence import content_hash
from service.publishing.model import Create, Delete, Publication, Standing, Update
from tests.caldav.scripted import answer, held
from tests.caldav.site import resource

URL = "https://dav.example.org/cal/team/"
OURS = resource(1)
CHANGED = resource(1, topic="Changed", revision=1)
PATH = f"/cal/team/{OURS.uid}.ics"
ROW = Publication(OURS.uid, PATH, '"1"', OURS.digest, content_hash(OURS.body), standing=Standing.PUBLISHED)
EMPTY = '<D:multistatus xmlns:D="DAV:"/>'


def collection(types: str) -> str:
    """What a PROPFIND tells of our collection."""
    return (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        "<D:response><D:href>/cal/team/</D:href><D:propstat><D:prop>"
        f"<D:resourcetype>{types}</D:resourcetype></D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    )


CALENDAR = collection("<D:collection/><C:calendar/>")
FOLDER = collection("<D:collection/>")


def error(element: str, inner: str = "") -> str:
    return (
        '<D:error xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">'
        f"<C:{element}>{inner}</C:{element}></D:error>"
    )


class Script:
    """
    Answers each method in turn; the last answer stays.
    """

    def __init__(self, **answers: list[tuple[Any, ...]]) -> None:
        self.answers = answers
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        turns = self.answers[request.method]
        status, body, etag = (*(turns.pop(0) if len(turns) > 1 else turns[0]), "", "")[:3]
        return answer(request, status, body, **({"etag": etag} if etag else {}))

    def methods(self) -> list[str]:
        return [request.method for request in self.asked]


def apply(script: Script, operation: Create | Update | Delete, **differences: Any) -> Publication | None:
    return held(execute(Collection(URL, **differences), operation), script)
