"""
What every ledger promises, in memory, on SQLite and on PostgreSQL.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from service.publishing.model import Publication, Standing
from service.publishing.ports import Assignment, Database, TargetRecord
from tests.contracts.given import OpenStore

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
WORK = TargetRecord("identity", "https://dav.example.org/Планы/", "Radicale", "urn:1", NOON)
ROW = Publication(
    "u1",
    "/Планы/u1.ics",
    'W/"1"',
    "digest",
    "meaning",
    "intended",
    Standing.PARKED,
    "the server finds its data invalid (status 415)",
    3,
    (1_700_000_000, 1_700_000_060),
    NOON,
)


async def test_a_new_ledger_knows_nothing(store: Database) -> None:
    assert await store.ledger.targets() == {}
    assert await store.ledger.publications("team") == {}


async def test_what_is_recorded_is_read_back_for_its_own_target(store: Database) -> None:
    await store.ledger.record_target("team", WORK)
    await store.ledger.record_target("home/a@b", replace(WORK, audited_at=None, token=""))
    await store.ledger.record_publications("team", [ROW, Publication("u2")])

    assert await store.ledger.targets() == {
        "team": WORK,
        "home/a@b": replace(WORK, audited_at=None, token=""),
    }
    assert await store.ledger.publications("team") == {"u1": ROW, "u2": Publication("u2")}
    assert await store.ledger.publications("home/a@b") == {}


async def test_the_rows_about_one_resource_are_found_in_all_targets(store: Database) -> None:
    await store.ledger.record_publications("team", [ROW, Publication("u2")])
    await store.ledger.record_publications("home/a@b", [Publication("u1")])

    assert await store.ledger.publications_of("u1") == {"team": ROW, "home/a@b": Publication("u1")}
    assert await store.ledger.publications_of("never heard of") == {}


async def test_rows_are_replaced_and_forgotten_in_one_go(store: Database) -> None:
    await store.ledger.record_publications("team", [ROW, Publication("u2"), Publication("u3")])
    published = replace(ROW, standing=Standing.PUBLISHED, writes=())

    await store.ledger.record_publications("team", [published], ["u2", "never heard of"])
    await store.ledger.record_publications("team", [], [])

    assert await store.ledger.publications("team") == {"u1": published, "u3": Publication("u3")}


async def test_a_target_is_remembered_together_with_its_rows(store: Database) -> None:
    await store.ledger.record_target("team", replace(WORK, token="", audited_at=None))

    await store.ledger.record_publications("team", [ROW], record=WORK)
    await store.ledger.record_publications("home", [], record=WORK)

    assert await store.ledger.targets() == {"team": WORK, "home": WORK}
    assert await store.ledger.publications("team") == {"u1": ROW}


async def test_what_one_target_forgets_another_still_knows(store: Database) -> None:
    for name in ("team", "home"):
        await store.ledger.record_publications(name, [ROW])

    await store.ledger.record_publications("team", (), ["u1"])

    assert await store.ledger.publications("team") == {}
    assert await store.ledger.publications("home") == {"u1": ROW}


async def test_every_standing_survives(store: Database) -> None:
    rows = {standing.value: Publication(standing.value, standing=standing) for standing in Standing}

    await store.ledger.record_publications("team", rows.values())

    assert await store.ledger.publications("team") == rows


async def test_a_forgotten_target_leaves_the_others_alone(store: Database) -> None:
    for name in ("team", "home"):
        await store.ledger.record_target(name, replace(WORK, url=f"https://dav.example.org/{name}/"))
        await store.ledger.record_publications(name, [ROW])

    await store.ledger.forget_target("team")

    assert list(await store.ledger.targets()) == ["home"]
    assert await store.ledger.publications("team") == {}
    assert await store.ledger.publications("home") == {"u1": ROW}


async def test_of_two_claims_at_once_one_is_told_of_the_other(store: Database) -> None:
    names = [f"target-{number}" for number in range(8)]

    claims = await asyncio.gather(*(store.ledger.assign_collection(name, WORK) for name in names))

    (holder,) = await store.ledger.targets()
    assert [claim.held_by for claim in claims].count("") == 1
    assert {claim.held_by for claim in claims} == {"", holder}


async def test_a_collection_that_is_held_is_not_recorded_again(store: Database) -> None:
    await store.ledger.record_target("team", WORK)
    await store.ledger.record_publications("team", [ROW])

    assert await store.ledger.assign_collection("staff", WORK) == Assignment(held_by="team")

    assert await store.ledger.targets() == {"team": WORK}
    assert await store.ledger.publications("team") == {"u1": ROW}


async def test_an_abandoned_target_s_rows_pass_on_and_a_left_collection_s_stay(store: Database) -> None:
    other = replace(WORK, url="https://dav.example.org/other/")
    await store.ledger.record_target("old", WORK)
    await store.ledger.record_publications("old", [ROW, Publication("u2")])
    await store.ledger.record_target("team", other)
    await store.ledger.record_publications("team", [Publication("u3")])

    done = await store.ledger.assign_collection("team", WORK, abandoned=["old"])

    assert done == Assignment(former_key="team~1", adopted_keys=("old",))
    assert await store.ledger.targets() == {"team": WORK, "team~1": other}
    assert await store.ledger.publications("team") == {"u1": ROW, "u2": Publication("u2")}
    assert await store.ledger.publications("team~1") == {"u3": Publication("u3")}
    assert await store.ledger.publications("old") == {}


async def test_each_collection_that_is_left_gets_a_number_of_its_own(store: Database) -> None:
    left = []
    for name in ("work", "home", "away", "hall"):
        record = replace(WORK, url=f"https://dav.example.org/{name}/")
        left.append((await store.ledger.assign_collection("te_m", record)).former_key)
        # Its name is like the other's, and only like it.
        await store.ledger.record_target("team~1", replace(WORK, url="https://dav.example.org/theirs/"))

    assert left == ["", "te_m~1", "te_m~2", "te_m~3"]


async def test_where_both_have_a_row_the_target_s_own_stays(store: Database) -> None:
    for name, etag in (("team", '"own"'), ("old", '"other"')):
        await store.ledger.record_target(name, WORK)
        await store.ledger.record_publications(name, [replace(ROW, etag=etag)])

    await store.ledger.assign_collection("team", WORK, abandoned=["old"])

    assert await store.ledger.publications("team") == {"u1": replace(ROW, etag='"own"')}
    assert list(await store.ledger.targets()) == ["team"]


async def test_it_survives_the_process(sql_store: OpenStore) -> None:
    await (await sql_store()).ledger.record_publications("team", [ROW])

    assert await (await sql_store()).ledger.publications("team") == {"u1": ROW}
