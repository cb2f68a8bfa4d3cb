from dataclasses import replace

from service.core.conference import Listing, Rejection, Snapshot
from service.core.rejected import MAX_RAW, PEER_ID, RejectedInput, alike, merge_rejected, to_rejected_frame
from tests.core.given import NOW, ROOM


def rejected_conferences(snapshot: Snapshot) -> list[RejectedInput]:
    return [merge_rejected(snapshot, each) for each in alike(snapshot.listing.rejections)]


def test_a_frame_has_no_conference() -> None:
    each = to_rejected_frame("lobby", str(ROOM), field="frame", reason="no JSON", raw=b"{", at=NOW)

    assert (each.conference_id, each.first_at, each.last_at, each.times) == ("", NOW, NOW, 1)
    assert each.whole


def test_a_huge_frame_is_cut_and_says_so() -> None:
    each = to_rejected_frame("lobby", "", field="frame", reason="no JSON", raw=b"x" * (MAX_RAW + 1), at=NOW)

    assert len(each.raw) == MAX_RAW
    assert not each.whole


def test_input_is_tried_again_only_where_it_is_known_whose_it_is_and_that_is_taken() -> None:
    known = to_rejected_frame("lobby", str(ROOM), field="frame", reason="no JSON", raw=b"{", at=NOW)

    assert known.retriable
    assert not replace(known, account="").retriable
    assert not replace(known, field=PEER_ID).retriable


def test_a_conference_without_an_id_is_no_frame() -> None:
    frame = to_rejected_frame("lobby", str(ROOM), field="frame", reason="no JSON", raw=b"{", at=NOW)

    assert not frame.of_conference
    assert replace(frame, field="id").of_conference
    assert replace(frame, conference_id="7").of_conference


def test_words_that_an_endpoint_chose_are_one_line_and_not_long() -> None:
    broken = Rejection("7" * 5000, "schedule\n.type", "it says\r\n\x1b[31m" + "x" * 5000, b"{}")

    (each,) = rejected_conferences(Snapshot(ROOM, "lobby", NOW, Listing((), (broken,))))

    for words in (each.conference_id, each.field, each.reason):
        assert len(words) <= 500
        assert words.isprintable()


def test_each_conference_that_makes_no_sense_is_one_input() -> None:
    listing = Listing((), (Rejection("1", "id", "a"), Rejection("2", "id", "b")))

    found = rejected_conferences(Snapshot(ROOM, "hall", NOW, listing))

    assert [(each.source, each.account, each.conference_id) for each in found] == [
        ("hall", str(ROOM), "1"),
        ("hall", str(ROOM), "2"),
    ]


def test_many_that_are_wrong_in_the_same_way_are_one_input_with_a_count() -> None:
    months = [
        Rejection(
            str(number), "schedule_type", f"'month{number}' is unknown, expected none, once or week", b"{}"
        )
        for number in range(20_000)
    ]
    late = [
        Rejection(f"a{number}", "schedule.start_time", f"{number} is outside 2000") for number in range(10)
    ]

    found = rejected_conferences(Snapshot(ROOM, "hall", NOW, Listing((), (*months, *late))))

    assert [(each.conference_id, each.times) for each in found] == [
        ("0", 20_000),
        *((f"a{number}", 1) for number in range(10)),
    ]
    assert found[0].reason == ("'month0' is unknown, expected none, once or week (and 19,999 others alike)")


def test_what_is_wrong_at_another_field_or_for_another_reason_is_of_another_kind() -> None:
    kinds = [("id", "empty"), ("id", "missing"), ("schedule", "missing")]

    found = alike(Rejection("", field, reason) for field, reason in kinds for _ in range(11))

    assert [(each.first.field, each.first.reason, each.count) for each in found] == [
        (*kind, 11) for kind in kinds
    ]
