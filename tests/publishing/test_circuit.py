"""
What a target's worker remembers: each transition gives another circuit, and the one before stays as it was.
"""

from datetime import UTC, datetime, timedelta

import pytest

from service.core.errors import (
    CollectionGone,
    ConfcalError,
    CredentialsRefused,
    PlanRefused,
    Retryable,
    StoreUnavailable,
)
from service.publishing.circuit import Circuit

NOW = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DOWN = Retryable("the server is away")


def after(circuit: Circuit, error: ConfcalError | None, *, reached: bool = False) -> Circuit:
    return circuit.end_round(
        stopped_by=error, failed=error is not None, reached=reached, changed_at=circuit.changed_at
    )


def middle() -> float:
    return 0.5


def test_the_first_change_that_waits_counts() -> None:
    circuit = Circuit().note_change(NOW).note_change(NOW + MINUTE)

    assert circuit.changed_at == NOW
    assert circuit.take_change().changed_at is None


def test_a_change_waits_on_where_its_round_failed() -> None:
    circuit = Circuit().note_change(NOW)

    taken = circuit.take_change().note_change(NOW + MINUTE)
    ended = taken.end_round(stopped_by=DOWN, failed=True, reached=False, changed_at=circuit.changed_at)

    assert ended.changed_at == NOW


def test_a_change_during_a_good_round_waits_for_the_next_one() -> None:
    taken = Circuit().note_change(NOW).take_change().note_change(NOW + MINUTE)

    assert (
        taken.end_round(stopped_by=None, failed=False, reached=True, changed_at=NOW).changed_at
        == NOW + MINUTE
    )


@pytest.mark.parametrize("error", [DOWN, CredentialsRefused("wrong password"), StoreUnavailable("locked")])
def test_what_concerns_all_opens_the_circuit(error: ConfcalError) -> None:
    circuit = after(Circuit(), error)

    assert (circuit.open, circuit.doubted) == (True, True)


def test_a_plan_that_cannot_be_made_leaves_the_circuit_closed() -> None:
    assert after(Circuit(), PlanRefused("no list was heard yet")) == Circuit()


def test_doubt_lasts_until_the_server_answered() -> None:
    down = after(Circuit(), DOWN)

    silent = after(down, None)
    assert (silent.open, silent.doubted, silent.failures) == (False, True, 1)
    well = after(silent, None, reached=True)
    assert (well.open, well.doubted, well.failures) == (False, False, 0)


def test_a_server_that_stays_away_is_left_alone_ever_longer() -> None:
    circuit, rests = Circuit(), []
    for _ in range(4):
        circuit = after(circuit, DOWN)
        rests.append(circuit.rest_seconds(DOWN, chance=0.5))

    assert rests == [5, 10, 20, 40]


def test_our_own_database_is_not_counted_against_the_server() -> None:
    circuit, error = after(Circuit(), DOWN), StoreUnavailable("locked")
    for _ in range(3):
        circuit = after(circuit, error)

    assert (circuit.failures, circuit.store_failures) == (1, 3)
    assert circuit.rest_seconds(error, chance=0.5) == 20
    assert after(circuit, DOWN).store_failures == 0
    assert after(circuit, None).store_failures == 0


def test_a_collection_that_failed_rests_alone() -> None:
    circuit = Circuit().fail("team/hall", CollectionGone("gone"), NOW, middle)

    assert circuit.rests("team/hall", NOW + timedelta(seconds=4))
    assert not circuit.rests("team/hall", NOW + timedelta(seconds=5))
    assert not circuit.rests("team/lobby", NOW)


def test_a_collection_that_fails_again_rests_longer_until_it_works() -> None:
    once = Circuit().fail("team", CollectionGone("gone"), NOW, middle)
    twice = once.fail("team", CollectionGone("gone"), NOW, middle)

    assert twice.backoffs["team"].until - NOW == 2 * (once.backoffs["team"].until - NOW)
    assert twice.succeed("team").backoffs == {}


def test_collections_that_are_no_longer_kept_are_forgotten() -> None:
    circuit = Circuit()
    for key in ("team/hall", "team/lobby"):
        circuit = circuit.fail(key, CollectionGone("gone"), NOW, middle)

    assert circuit.begin_round({"team/lobby", "team/new"}).backoffs.keys() == {"team/lobby"}


def test_it_knows_where_a_round_ended_early() -> None:
    assert Circuit().enter("team/hall").stopped_at == "team/hall"
    assert Circuit().enter("team/hall").enter("").stopped_at == ""


def test_trouble_is_counted_from_its_first_failure() -> None:
    circuit = Circuit().suffer(DOWN, NOW).suffer(Retryable("another reason"), NOW + MINUTE)

    assert circuit.trouble is not None
    assert (circuit.trouble.since, circuit.trouble.times) == (NOW, 2)
    assert circuit.recover().trouble is None
