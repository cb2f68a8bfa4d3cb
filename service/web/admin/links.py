"""
`/calendars.csv`: the links of the calendars, for who is signed in.
"""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.web.admin.signin import SignIn
from service.web.links_file import answer_links
from service.web.queries import AdminQueries


@dataclass(frozen=True, slots=True)
class LinksFile:
    """
    The file, behind the sign-in.
    """

    queries: AdminQueries
    signin: SignIn

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/calendars.csv", self.download, methods=["GET"])]

    async def download(self, request: Request) -> Response:
        """Answer `GET /calendars.csv`."""
        if await self.signin.session(request) is None:
            return await self.signin.welcome(request, "calendars")
        like = request.query_params.get("like", "")
        return await run_in_threadpool(answer_links, self.queries, like)
