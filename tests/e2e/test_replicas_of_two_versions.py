"""
The version before and this one side by side, through an update.
"""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from service.store.engine import begin_write, create_engine
from service.store.migrate import migrate
from tests.e2e.program import Home
from tests.e2e.replicated import Site, agree, conferences, holds, reach, says

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.thorough


def older(home: Home) -> Home:
    return replace(home, command=(sys.executable, "-m", "tests.e2e.older"), cwd=ROOT)


async def test_feeds_are_the_same_through_an_update_and_rendered_again_only_once_no_old_one_lives(
    site: Site,
) -> None:
    await migrate(site.database)
    # Whoever ends in order leaves its leases at once, however long they last.
    settings = site.settings | {"LEASE": "PT60S"}
    async with older(site.home).daemon(**settings) as old:
        await old.feed(lambda feed: says(feed, "Old"))
        async with site.home.daemon(**settings) as new:
            await new.program.event("app.leases_taken")
            await site.tell(conferences("New"))
            feeds = await agree([old, new], "New")
            await reach(lambda: holds(site.caldav, "New"))
            assert "sync.rendered_anew" not in new.program.events()
            assert "app.replicas_differ" not in old.program.events() + new.program.events()

            assert await old.program.end() == 0
            await new.program.event("sync.rendered_anew")
            assert (await new.feed()).body == feeds[0].body
            assert {vevent["SEQUENCE"] for vevent in feeds[0].vevents.values()} == {1}


async def test_a_version_outside_the_window_is_refused_with_a_sentence(site: Site) -> None:
    after = await migrate(site.database)
    engine = create_engine(site.database)
    async with begin_write(engine) as db:
        newest = {"newest": after.after}
        await db.execute(text("UPDATE meta SET value = :newest WHERE name = 'oldest_schema'"), newest)
    await engine.dispose()

    async with older(site.home).started("run", **site.settings) as program:
        assert await program.ended() == 1

    assert "was written by a newer confcal" in program.err[-1]
    assert "Traceback" not in "\n".join(program.err)
