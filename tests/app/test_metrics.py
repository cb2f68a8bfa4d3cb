from dataclasses import replace
from datetime import timedelta

from prometheus_client.parser import text_string_to_metric_families

from service.app.metrics import Metrics
from service.core.conference import Listing, Rejection
from service.core.quiet import QuietHours, parse_quiet
from service.core.sources import SourceState
from service.core.state import State
from service.core.target_state import TargetState
from service.publishing.model import Publication, SyncReport
from service.publishing.target_status import TargetStatus
from tests.core.given import NOW, conference, listed, many
from tests.core.story import Story
from tests.web.given import Clock


def numbers(metrics: Metrics) -> dict[str, float]:
    """Return what Prometheus reads, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(metrics.render().decode()):
        for sample in family.samples:
            labels = ",".join(value for _, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def told(story: Story) -> Metrics:
    return Metrics(lambda: story.state)


def test_a_list_is_counted_with_what_it_changed() -> None:
    story = Story()
    metrics = told(story)
    snapshot = listed(conference("1"), conference("2"))

    metrics.sources.count_list(snapshot, story.records(snapshot))

    found = numbers(metrics)
    assert found["confcal_source_last_list_timestamp_seconds{lobby}"] == NOW.timestamp()
    assert found["confcal_source_conferences{lobby}"] == 2
    assert found["confcal_lists_total{lobby}"] == 1
    assert found["confcal_edits_total{lobby}"] == 2
    assert found["confcal_removals_total{lobby}"] == 0
    assert (found["confcal_accounts"], found["confcal_conferences"]) == (1, 2)


def test_a_held_list_is_seen_and_so_is_its_end() -> None:
    story = Story()
    metrics = told(story)
    story.hears(*many(3))
    empty = listed(at=NOW + timedelta(minutes=20))

    metrics.sources.count_list(empty, story.records(empty))
    during = numbers(metrics)
    story.approves()

    assert during["confcal_source_held_conferences{lobby}"] == 3
    assert during["confcal_held_lists"] == 1
    assert numbers(metrics)["confcal_held_lists"] == 0


def test_rejected_input_is_counted_by_kind() -> None:
    story = Story()
    metrics = told(story)
    broken = Listing((conference(),), (Rejection("7", "schedule", "missing"),))
    snapshot = replace(listed(), listing=broken)
    metrics.sources.count_list(snapshot, story.records(snapshot))
    metrics.sources.count_rejected_frame("lobby")
    metrics.sources.count_rejected_frame("lobby")

    found = numbers(metrics)
    assert found["confcal_rejected_total{frame,lobby}"] == 2
    assert found["confcal_rejected_total{conference,lobby}"] == 1


def test_a_source_is_up_while_it_listens() -> None:
    metrics = Metrics(State)
    for state in SourceState:
        metrics.sources.note_state("lobby", state)

        found = numbers(metrics)
        assert found["confcal_source_up{lobby}"] == (state is SourceState.LISTENING)
        assert [each for each in SourceState if found[f"confcal_source_state{{lobby,{each}}}"]] == [state]


def test_numbers_name_no_people_and_no_conferences() -> None:
    story = Story()
    metrics = told(story)
    snapshot = listed(conference("secret-id", "Secret topic"))
    metrics.sources.count_list(snapshot, story.records(snapshot))

    text = metrics.render().decode()
    assert "ecret" not in text
    assert str(snapshot.account) not in text


def test_targets_tell_how_they_are_doing() -> None:
    cloud = TargetStatus("cloud", "all", TargetState.IN_STEP, last_pass_at=NOW, lag_seconds=1.5, pending=2)
    cloud.parked = {Publication("uid-1"): NOW}
    cloud.totals.add(SyncReport(created=500, updated=20, deleted=3))
    desk = TargetStatus("desk", "all", TargetState.DOWN, error="desk.example.com cannot be reached")

    found = numbers(Metrics(State, lambda: (cloud, desk)))

    assert (found["confcal_target_up{cloud}"], found["confcal_target_up{desk}"]) == (1, 0)
    assert found["confcal_target_waiting_resources{cloud}"] == 2
    assert found["confcal_target_parked_resources{cloud}"] == 1
    assert found["confcal_target_last_pass_timestamp_seconds{cloud}"] == NOW.timestamp()
    assert "confcal_target_last_pass_timestamp_seconds{desk}" not in found
    assert found["confcal_target_lag_seconds{cloud}"] == 1.5
    assert found["confcal_target_writes_total{create,cloud}"] == 500
    assert found["confcal_target_writes_total{delete,cloud}"] == 3


def test_a_target_whose_calendar_does_not_exist_is_not_up() -> None:
    cloud = TargetStatus("cloud", "boards", TargetState.WAITING, error="there is no calendar 'boards' (yet)")
    desk = TargetStatus("desk", "all", TargetState.WAITING, pending=2)

    found = numbers(Metrics(State, lambda: (cloud, desk)))

    assert (found["confcal_target_up{cloud}"], found["confcal_target_up{desk}"]) == (0, 1)


def test_a_source_that_never_sent_a_list_is_silent_since_it_is_awaited() -> None:
    metrics = told(Story())

    metrics.sources.expect_list("lobby", NOW)

    assert numbers(metrics)["confcal_source_last_list_timestamp_seconds{lobby}"] == NOW.timestamp()


def test_silence_in_quiet_hours_says_so_and_a_fault_does_not() -> None:
    clock = Clock(NOW.replace(hour=21))
    metrics = Metrics(State, clock=clock)
    metrics.sources.quiet = {"lobby": QuietHours(parse_quiet("20:00-07:00")), "annex": QuietHours()}
    for source in ("lobby", "annex"):
        metrics.sources.expect_list(source, clock.now - timedelta(hours=1, minutes=10))
    quiet = "confcal_source_quiet{lobby}"

    metrics.sources.note_state("lobby", SourceState.UNREACHABLE)
    assert numbers(metrics)[quiet] == 1
    assert numbers(metrics)["confcal_source_quiet{annex}"] == 0
    metrics.sources.note_state("lobby", SourceState.PIN_REJECTED)
    assert numbers(metrics)[quiet] == 0
    metrics.sources.note_state("lobby", SourceState.UNREACHABLE)
    clock.now += timedelta(hours=10, minutes=31)
    assert numbers(metrics)[quiet] == 0
    metrics.sources.forget("lobby")
    assert quiet not in numbers(metrics)
