from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.publishing.equivalence import content_hash
from service.publishing.model import Create, Delete, Publication, RemoteRules, Resource, Standing, Update
from service.publishing.plan import Plan, intents, make_plan, suspects
from service.publishing.ports import CollectionListing

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
A = Resource.of("a", b"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:A\r\nEND:VEVENT\r\n")
CHANGED = Resource.of("a", b"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:B\r\nEND:VEVENT\r\n")
ROW = Publication("a", "/w/a.ics", '"1"', A.digest, "meaning", standing=Standing.PUBLISHED)
KEEP = RemoteRules("keep", "keep")


def row(standing: Standing = Standing.PUBLISHED, **differences: Any) -> Publication:
    return replace(ROW, standing=standing, **differences)


def plan(desired: Resource | None, published: Publication | None, rules: RemoteRules | None = None) -> Plan:
    return make_plan(
        {"a": desired} if desired else {}, {"a": published} if published else {}, rules, now=NOON
    )


def test_what_is_new_is_created() -> None:
    assert plan(A, None).operations == (Create(A),)


def test_what_is_unchanged_costs_nothing() -> None:
    assert plan(A, ROW) == Plan()
    assert plan(None, None) == Plan()


def test_what_changed_is_updated_and_what_left_is_deleted() -> None:
    assert plan(CHANGED, ROW).operations == (Update(CHANGED, ROW),)
    assert plan(None, ROW).operations == (Delete(ROW),)


@pytest.mark.parametrize(
    ("published", "same", "changed"),
    [
        pytest.param(row(Standing.WAITING), Update, Update, id="refused, still there"),
        pytest.param(row(Standing.WAITING, href="", etag=""), Create, Create, id="never written"),
        pytest.param(row(Standing.PARKED, retry_at=LATER), None, Update, id="parked"),
        pytest.param(row(Standing.PARKED, retry_at=LATER, etag=""), None, Create, id="parked, never there"),
        pytest.param(row(Standing.PARKED, retry_at=NOON), Update, Update, id="parked long enough"),
        pytest.param(row(Standing.THEIRS), Update, Update, id="edited"),
        pytest.param(row(Standing.GONE, etag=""), Create, Create, id="deleted"),
        pytest.param(row(etag=""), None, Update, id="ETag not known yet"),
        pytest.param(row(pending_hashes="other"), Update, Update, id="an answer was lost"),
    ],
)
def test_what_becomes_of_each_standing(published: Publication, same: type | None, changed: type) -> None:
    assert [type(o) for o in plan(A, published).operations] == ([same] if same else [])
    assert [type(o) for o in plan(CHANGED, published).operations] == [changed]


def test_with_keep_an_edit_stays_and_a_deletion_counts_until_the_conference_changes() -> None:
    assert plan(A, row(Standing.THEIRS), KEEP) == Plan()
    assert plan(CHANGED, row(Standing.THEIRS), KEEP) == Plan()
    assert plan(A, row(Standing.GONE, etag=""), KEEP) == Plan()
    assert plan(CHANGED, row(Standing.GONE, etag=""), KEEP).operations == (
        Create(CHANGED, row(Standing.GONE, etag="")),
    )


@pytest.mark.parametrize("standing", [Standing.THEIRS, Standing.GONE])
@pytest.mark.parametrize("rules", [KEEP, RemoteRules()])
def test_what_is_a_person_s_is_forgotten_and_never_deleted(standing: Standing, rules: RemoteRules) -> None:
    published = row(standing)

    assert plan(None, published, rules) == Plan((), (published,))


def test_what_may_be_there_is_deleted_and_what_never_was_is_forgotten() -> None:
    lost_answer = row(Standing.WAITING, etag="", pending_hashes="meaning")
    never = row(Standing.WAITING, etag="")

    assert plan(None, lost_answer).operations == (Delete(lost_answer),)
    assert plan(None, never) == Plan((), (never,))


def test_a_refused_deletion_is_repeated_until_it_is_parked() -> None:
    published = ROW
    for _ in range(2):
        published = published.refuse("no", digest="", most=3, retry_at=LATER)
        assert plan(None, published).operations == (Delete(published),)
    published = published.refuse("no", digest="", most=3, retry_at=LATER)

    assert plan(None, published) == Plan()
    assert plan(A, published).operations == (Update(A, published),)


def test_a_parked_deletion_is_tried_again_when_its_time_has_come() -> None:
    published = ROW
    for _ in range(3):
        published = published.refuse("no", digest="", most=3, retry_at=NOON)

    assert published.standing is Standing.PARKED
    assert plan(None, published).operations == (Delete(published),)


def test_what_was_never_refused_comes_first() -> None:
    resources = {uid: Resource.of(uid, uid.encode()) for uid in "abc"}
    refused = {uid: Publication(uid, refusals=2) for uid in "ab"}

    operations = make_plan(resources, refused, now=NOON).operations

    assert [operation.uid for operation in operations] == ["c", "a", "b"]


def test_refusals_count_for_one_content_only() -> None:
    published = ROW.refuse("no", digest="x", most=3, retry_at=LATER).refuse(
        "no", digest="x", most=3, retry_at=LATER
    )
    assert (published.refusals, published.standing) == (2, Standing.WAITING)

    assert published.refuse("no", digest="x", most=3, retry_at=LATER).standing is Standing.PARKED
    assert published.refuse("no", digest="y", most=3, retry_at=LATER).refusals == 1


def test_the_seventh_write_within_an_hour_is_one_too_many() -> None:
    published = ROW
    for minute in range(6):
        now = NOON + timedelta(minutes=minute)
        assert not published.find_loop(A.digest, now)
        published = ROW.count_write(published, now)

    assert published.find_loop(A.digest, NOON + timedelta(minutes=30))
    assert not published.find_loop(CHANGED.digest, NOON + timedelta(minutes=30))
    assert not published.find_loop(A.digest, NOON + timedelta(minutes=61))


def test_what_is_written_with_every_audit_is_parked_after_half_a_day() -> None:
    published = ROW
    for hour in range(12):
        now = NOON + timedelta(hours=hour)
        assert not published.find_loop(A.digest, now)
        published = ROW.count_write(published, now)

    assert "12 times in a row" in published.find_loop(A.digest, NOON + timedelta(hours=12))
    # A try on each of the next days is not a new beginning; two days of peace are.
    published = ROW.count_write(published, NOON + timedelta(hours=35))
    assert published.find_loop(A.digest, NOON + timedelta(hours=36))
    assert len(published.writes) == 12
    assert not published.find_loop(A.digest, NOON + timedelta(hours=35, days=2))


def test_all_that_was_intended_is_ours_until_an_answer_comes() -> None:
    newest = Resource.of("a", b"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:C\r\nEND:VEVENT\r\n")
    (first,) = intents([Update(CHANGED, ROW)], {})
    (second,) = intents([Update(newest, first)], {})

    assert second.content_hashes == {"meaning", content_hash(CHANGED.body), content_hash(newest.body)}
    assert intents([Update(newest, second)], {}) == [second]


def test_intentions_are_written_down_before_the_requests() -> None:
    operations = (Create(A), Update(CHANGED, ROW), Delete(ROW))

    created, updated = intents(operations, {"a": "/w/a.ics"})

    assert (created.href, created.standing, created.etag) == ("/w/a.ics", Standing.WAITING, "")
    assert created.pending_hashes
    assert updated.content_hashes == {"meaning", updated.pending_hashes}
    assert (updated.etag, updated.digest) == (ROW.etag, ROW.digest)


def test_what_a_person_deleted_waits_from_the_moment_it_is_to_be_written_again() -> None:
    (gone,) = intents([Create(CHANGED, row(Standing.GONE, etag=""))], {})
    (parked,) = intents([Create(CHANGED, row(Standing.PARKED, etag=""))], {})

    assert (gone.standing, gone.href) == (Standing.WAITING, ROW.href)
    assert parked.standing is Standing.PARKED


@pytest.mark.parametrize(
    ("published", "listing", "doubted"),
    [
        (row(), CollectionListing({"/w/a.ics": '"1"'}), False),
        (row(), CollectionListing({"/w/a.ics": '"2"'}), True),
        (row(), CollectionListing({}), True),
        (row(), CollectionListing({}, complete=False), False),
        (row(), CollectionListing({}, frozenset({"/w/a.ics"}), complete=False), True),
        (row(), CollectionListing({"/w/a.ics": '"2"'}, complete=False), True),
        (row(Standing.THEIRS), CollectionListing({"/w/a.ics": '"1"'}), False),
        (row(Standing.THEIRS), CollectionListing({}), True),
        (row(Standing.GONE, etag=""), CollectionListing({}), False),
        (row(Standing.GONE, etag=""), CollectionListing({"/w/a.ics": '"5"'}), True),
        (row(Standing.WAITING), CollectionListing({}), False),
        (row(Standing.PARKED), CollectionListing({}), False),
    ],
)
def test_a_listing_raises_doubts_only_where_it_differs(
    published: Publication, listing: CollectionListing, *, doubted: bool
) -> None:
    assert suspects([published], listing) == ([published] if doubted else [])


RESOURCES = st.dictionaries(st.sampled_from("abcdef"), st.binary(max_size=2), max_size=6).map(
    lambda bodies: {uid: Resource.of(uid, body) for uid, body in bodies.items()}
)


def published(resource: Resource) -> Publication:
    href = f"/w/{resource.uid}.ics"
    return Publication(resource.uid, href, '"1"', resource.digest, "m", standing=Standing.PUBLISHED)


@given(RESOURCES, RESOURCES)
def test_a_carried_out_plan_leaves_nothing_to_do(
    before: dict[str, Resource], after: dict[str, Resource]
) -> None:
    rows = {uid: published(resource) for uid, resource in before.items()}
    operations = make_plan(after, rows, now=NOON).operations
    for operation in operations:
        match operation:
            case Create(resource) | Update(resource):
                rows[operation.uid] = published(resource)
            case Delete():
                del rows[operation.uid]

    assert make_plan(after, rows, now=NOON) == Plan()
    assert len({operation.uid for operation in operations}) == len(operations)
    changed = {uid for uid in before.keys() | after.keys() if before.get(uid) != after.get(uid)}
    assert {operation.uid for operation in operations} == changed


def test_writes_of_another_content_are_not_counted() -> None:
    published = replace(ROW, writes=(int(NOON.timestamp()),))
    later = NOON + timedelta(minutes=1)

    assert len(ROW.count_write(published, later).writes) == 2
    assert len(replace(ROW, digest=CHANGED.digest).count_write(published, later).writes) == 1


def test_what_was_never_written_means_nothing() -> None:
    assert Publication("a").content_hashes == frozenset()
    assert Publication("a", content_hash="m").content_hashes == {"m"}
